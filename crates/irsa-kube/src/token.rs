//! Requests service account tokens, as the kubelet does.

use irsa_chain::ServiceAccount;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use crate::api_request::ApiRequest;
use crate::reader::{parse, rule};
use crate::{KubeReader, Pod, ReadError};

/// The properties of a requested token.
#[derive(Debug, Clone, Copy)]
pub struct TokenOptions<'a> {
    /// The audience: `sts.amazonaws.com` for AWS.
    pub audience: &'a str,
    /// The lifetime in seconds; at least 600.
    pub expiration: u32,
    /// The pod that the token is bound to, as for projected tokens.
    pub pod: Option<&'a Pod>,
}

impl KubeReader {
    /// Requests a token of the service account (TokenRequest API). This is not a read: anyone with this permission can
    /// act as the service account.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn token(
        &self,
        account: &ServiceAccount,
        options: TokenOptions<'_>,
    ) -> Result<SecretString, ReadError> {
        #[derive(Deserialize)]
        struct Granted {
            status: Status,
        }
        #[derive(Deserialize)]
        struct Status {
            token: String,
        }
        let (namespace, name) = (account.namespace(), account.name());
        let rule = rule(
            "create",
            "serviceaccounts/token",
            Some(namespace),
            Some(name),
        );
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let request = ApiRequest::create(&path, &request(options));
        let answer = self.send(&rule, request).await?;
        let granted: Granted = parse(&rule, &answer.body)?;
        Ok(granted.status.token.into())
    }
}

fn request(options: TokenOptions<'_>) -> serde_json::Value {
    let bound = options.pod.map(|pod| {
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "name": pod.metadata.name,
            "uid": pod.metadata.uid,
        })
    });
    json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": [options.audience],
            "expirationSeconds": options.expiration,
            "boundObjectRef": bound,
        },
    })
}
