//! Reads from the API server.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::response::Parts;
use http::{Method, Response, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use irsa_chain::ServiceAccount;
use irsa_net::asked_once::AskedOnce;
use irsa_net::http_date::parse_http_date;
use kube_client::Client;
use kube_client::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use crate::api_request::{ApiRequest, encoded};
use crate::kubeconfig::Connection;
use crate::response_error::{error_status, no_response, shown};
use crate::{
    AccountObject, ClusterContext, ConfigError, Namespace, ReadError, ReadErrorKind, Rule,
    kubeconfig, retry,
};

/// The maximum size of a response: objects in etcd have at most 1.5 MiB, and lists have pages.
const MAX_BODY: usize = 32 << 20;

/// The answers to GET requests by path.
type Answers = AskedOnce<String, Result<Arc<ApiResponse>, ReadError>>;

/// Reads from the Kubernetes API.
#[derive(Clone)]
pub struct KubeReader {
    connection: Arc<Connection>,
    answers: Option<Arc<Answers>>,
}

/// The API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its version, such as `v1.35.4-eks-1234567`.
    pub version: String,
    /// Its clock, to the second.
    pub clock: Option<SystemTime>,
}

impl KubeReader {
    /// Reads a kubeconfig, which can be a list of files as in `KUBECONFIG`, and uses the named context or the current
    /// one. The default is `KUBECONFIG`, `~/.kube/config`, or the pod's own service account.
    ///
    /// # Errors
    /// There is no kubeconfig, or it cannot be used.
    ///
    /// # Panics
    /// Outside of a tokio runtime whose timers are on.
    pub async fn connect(files: Option<&Path>, context: Option<&str>) -> Result<Self, ConfigError> {
        let files = files.map(Path::to_owned);
        let connection = kubeconfig::connect(files, context.map(str::to_owned)).await?;
        Ok(Self {
            connection: Arc::new(connection),
            answers: None,
        })
    }

    /// Keeps every answer, also those that are errors: this reader and its clones make each GET request once. For
    /// checks of many workloads, which share the issuer, the webhooks and namespaces.
    #[must_use]
    pub fn with_memory(mut self) -> Self {
        self.answers = Some(Arc::default());
        self
    }

    /// This reader without kept answers, for objects that are watched.
    pub(crate) fn without_memory(&self) -> Self {
        Self {
            answers: None,
            ..self.clone()
        }
    }

    /// The API server's URL.
    pub fn address(&self) -> &str {
        &self.connection.address
    }

    /// What the kubeconfig says about the cluster.
    pub fn context(&self) -> &ClusterContext {
        &self.connection.context
    }

    /// The client, for other requests.
    pub fn client(&self) -> &Client {
        &self.connection.client
    }

    /// The API server's version and clock (`GET /version`).
    ///
    /// # Errors
    /// See [`ReadErrorKind`].
    pub async fn server(&self) -> Result<Server, ReadError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let rule = rule("get", "/version", None, None);
        let answer = self.send(&rule, ApiRequest::get("/version")).await?;
        let version: Version = parse(&rule, &answer.body)?;
        Ok(Server {
            version: version.git_version,
            clock: answer.date,
        })
    }

    /// A namespace.
    ///
    /// # Errors
    /// See [`ReadErrorKind`].
    pub async fn namespace(&self, name: &str) -> Result<Namespace, ReadError> {
        let rule = rule("get", "namespaces", None, Some(name));
        self.get(rule, &format!("/api/v1/namespaces/{}", encoded(name)))
            .await
    }

    /// A service account.
    ///
    /// # Errors
    /// See [`ReadErrorKind`].
    pub async fn service_account(
        &self,
        account: &ServiceAccount,
    ) -> Result<AccountObject, ReadError> {
        let (namespace, name) = (account.namespace(), account.name());
        let rule = rule("get", "serviceaccounts", Some(namespace), Some(name));
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}");
        self.get(rule, &path).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        rule: Rule,
        path: &str,
    ) -> Result<T, ReadError> {
        let answer = self.send(&rule, ApiRequest::get(path)).await?;
        parse(&rule, &answer.body)
    }

    /// Sends a request, unless its answer is kept.
    pub(crate) async fn send(
        &self,
        rule: &Rule,
        request: ApiRequest,
    ) -> Result<Arc<ApiResponse>, ReadError> {
        let is_get = request.method == Method::GET;
        let answers = self.answers.as_ref().filter(|_| is_get);
        let path = request.path.clone();
        let send = async { self.send_now(rule, request).await.map(Arc::new) };
        match answers {
            Some(answers) => answers.get(path, send).await,
            None => send.await,
        }
    }

    /// Sends a request. The requests of kube-client log responses that they cannot parse, have no size limit, and retry
    /// for minutes if the server is overloaded.
    async fn send_now(&self, rule: &Rule, request: ApiRequest) -> Result<ApiResponse, ReadError> {
        let failed = |kind| ReadError {
            rule: rule.clone(),
            kind,
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (head, body) = self.response(&request).await.map_err(failed)?;
            let date = head.headers.get(header::DATE);
            let date = date.and_then(|date| parse_http_date(date.to_str().ok()?));
            if head.status.is_success() {
                return Ok(ApiResponse { date, body });
            }
            match retry::after(attempts, &head, date.unwrap_or(UNIX_EPOCH)) {
                Some(delay) => sleep(delay).await,
                None => return Err(failed(error_status(head.status, &body))),
            }
        }
    }

    async fn response(&self, request: &ApiRequest) -> Result<(Parts, Vec<u8>), ReadErrorKind> {
        let response = self.connection.client.send(request.http()?).await;
        collected(response.map_err(|error| no_response(&error))?).await
    }

    /// Opens a watch, which is not a kept answer and has no limits of time and size but those of the caller.
    pub(crate) async fn open(&self, request: &ApiRequest) -> Result<Body, ReadErrorKind> {
        let client = self.connection.client_for_watches().await;
        let client = client.map_err(|error| ReadErrorKind::Other(error.to_string()))?;
        let response = client.send(request.http()?).await;
        let response = response.map_err(|error| no_response(&error))?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let (head, body) = collected(response).await?;
        Err(error_status(head.status, &body))
    }
}

async fn collected(response: Response<Body>) -> Result<(Parts, Vec<u8>), ReadErrorKind> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            ReadErrorKind::TooLarge(MAX_BODY)
        } else {
            ReadErrorKind::Other(shown(&error.to_string()))
        }
    })?;
    Ok((head, body.to_bytes().to_vec()))
}

/// Shows only the address, because the client contains credentials.
impl fmt::Debug for KubeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KubeReader").field(&self.address()).finish()
    }
}

/// A response of the API server.
pub(crate) struct ApiResponse {
    date: Option<SystemTime>,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn rule(
    verb: &'static str,
    resource: &'static str,
    namespace: Option<&str>,
    name: Option<&str>,
) -> Rule {
    Rule {
        verb,
        resource,
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
    }
}

pub(crate) fn parse<T: DeserializeOwned>(rule: &Rule, body: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(body).map_err(|error| ReadError {
        rule: rule.clone(),
        // The position of the error, not the text.
        kind: ReadErrorKind::Other(format!(
            "unexpected response format at line {} column {}",
            error.line(),
            error.column()
        )),
    })
}
