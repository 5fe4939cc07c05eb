//! The role of the node, from version 2 of the instance metadata service. It is used only if it is selected explicitly.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use irsa_chain::{Cause, Link};

use super::{Exchange, Exchanged, agent};
use crate::error::scrub::scrub;
use crate::http::{Answer, Http, HttpUrl};
use crate::{Environment, IdentityError, SessionCredentials};

const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";
const CREDENTIALS: &str = "/latest/meta-data/iam/security-credentials/";

/// The header with the token.
const TOKEN: &str = "x-aws-ec2-metadata-token";

/// The lifetime of a token, which is enough for one exchange with three requests.
const TOKEN_SECONDS: &str = "60";

#[derive(Debug)]
pub(crate) struct Imds {
    base: String,
    http: Http,
    limit: Duration,
}

impl Imds {
    /// Uses the service at `AWS_EC2_METADATA_SERVICE_ENDPOINT`, else at the address for
    /// `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE` (`IPv4` or `IPv6`).
    ///
    /// # Errors
    /// The service is disabled, or its URL is invalid.
    pub(crate) fn new(
        environment: &Environment,
        http: Http,
        limit: Duration,
    ) -> Result<Self, IdentityError> {
        let is = |name, value| {
            environment
                .get(name)
                .is_some_and(|v: &str| v.eq_ignore_ascii_case(value))
        };
        if is("AWS_EC2_METADATA_DISABLED", "true") {
            let text = "the instance metadata service is disabled by `AWS_EC2_METADATA_DISABLED`";
            return Err(IdentityError::new(Cause::ImdsRefused, text).with_remedy(
                "unset `AWS_EC2_METADATA_DISABLED`, or select a different source with `--identity`",
            ));
        }
        let is_ipv6 = is("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
        let default = if is_ipv6 { IPV6 } else { IPV4 };
        let base = environment
            .get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            .unwrap_or(default);
        let url = HttpUrl::parse(base).map_err(|text| {
            let text = format!("`AWS_EC2_METADATA_SERVICE_ENDPOINT`: {text}");
            IdentityError::at(Link::StsSession, text)
        })?;
        let base = url.to_text().trim_end_matches('/').to_owned();
        Ok(Self { base, http, limit })
    }

    async fn ask(&self) -> Result<SessionCredentials, IdentityError> {
        let token = self.token().await?;
        let role = self.role_with(&token).await?;
        let header = (TOKEN, token.as_str());
        let answer = self
            .send("GET", &format!("{CREDENTIALS}{role}"), header)
            .await?;
        agent::credentials(&answer.body).ok_or_else(|| {
            refused(&format!(
                "the response contains no credentials for the role `{role}`"
            ))
            .transient()
        })
    }

    /// Returns the name of the node's role.
    pub(crate) async fn role(&self) -> Result<String, IdentityError> {
        self.role_with(&self.token().await?).await
    }

    async fn role_with(&self, token: &str) -> Result<String, IdentityError> {
        let roles = self.send("GET", CREDENTIALS, (TOKEN, token)).await?;
        let roles = String::from_utf8_lossy(&roles.body).into_owned();
        let role = roles
            .lines()
            .next()
            .map(str::trim)
            .filter(|role| is_role_name(role));
        let role = role.ok_or_else(|| refused("the response contains no role name"))?;
        Ok(role.to_owned())
    }

    async fn token(&self) -> Result<String, IdentityError> {
        let life = ("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS);
        let token = self.send("PUT", "/latest/api/token", life).await?;
        Ok(String::from_utf8_lossy(&token.body).trim().to_owned())
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        (name, value): (&'static str, &str),
    ) -> Result<Answer, IdentityError> {
        let mut request = HttpRequest::get(format!("{}{path}", self.base))
            .map_err(|error| refused(&error.to_string()))?;
        let _ = request.set_method(method);
        let header = request.headers_mut().try_insert(name, value.to_owned());
        header.map_err(|_| refused("its token is not a valid header value"))?;
        let answer = self.http.ask_local(request, self.limit).await;
        let answer = answer.map_err(|why| {
            refused(&format!("cannot reach it: {}", scrub(&why, &[value]))).transient()
        })?;
        match answer.status {
            200 => Ok(answer),
            404 if path == CREDENTIALS => Err(refused("the node has no instance profile")),
            status => {
                let error = refused(&format!(
                    "it returned status {status} for {method} `{path}`"
                ));
                Err(if status >= 500 || status == 429 {
                    error.transient()
                } else {
                    error
                })
            }
        }
    }
}

impl Exchange for Imds {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(self.ask())
    }
}

/// Returns whether the name can be used in a URL.
fn is_role_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c);
    !name.is_empty() && name.len() <= 64 && name.chars().all(allowed)
}

fn refused(what: &str) -> IdentityError {
    IdentityError::new(
        Cause::ImdsRefused,
        format!("cannot get credentials from the instance metadata service: {what}"),
    )
}
