//! Reads from the API server.

use std::error::Error as _;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::response::Parts;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use irsa_chain::ServiceAccount;
use irsa_chain::untrusted::printable;
use irsa_net::asked_once::AskedOnce;
use irsa_net::http_date::parse_http_date;
use kube_client::Client;
use kube_client::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use url::form_urlencoded;

use crate::facts::List;
use crate::{
    AccountObject, ClusterContext, ConfigError, Namespace, Pod, ReadError, ReadErrorKind, Rule,
    WebhookConfiguration, kubeconfig, retry,
};

/// The time limit of a credential plugin, such as `aws eks get-token`, which calls STS.
const PLUGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum size of a response: objects in etcd have at most 1.5 MiB, and lists have pages of [`PODS`].
const MAX_BODY: usize = 32 << 20;
/// The number of pods on a page, and the maximum number of pages.
const PODS: usize = 100;
const MAX_PAGES: usize = 20;
/// The maximum number of characters kept of a text from the API server.
const MAX_TEXT: usize = 300;

/// The answers to GET requests by path.
type Answers = AskedOnce<String, Result<Arc<ApiResponse>, ReadError>>;

/// Reads from the Kubernetes API.
#[derive(Clone)]
pub struct KubeReader {
    client: Client,
    address: String,
    context: ClusterContext,
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
        let context = context.map(str::to_owned);
        // kube-client reads files and runs credential plugins on the calling thread.
        let runtime = Handle::current();
        let created = spawn_blocking(move || runtime.block_on(kubeconfig::client(files, context)));
        let created = timeout(PLUGIN_TIMEOUT, created).await;
        let created = created.map_err(|_| ConfigError::TimedOut(PLUGIN_TIMEOUT))?;
        let created = created.unwrap_or_else(|_| Err(ConfigError::Unusable("a part".to_owned())));
        let (client, address, context) = created?;
        Ok(Self {
            client,
            address,
            context,
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

    /// The API server's URL.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the kubeconfig says about the cluster.
    pub fn context(&self) -> &ClusterContext {
        &self.context
    }

    /// The client, for other requests.
    pub fn client(&self) -> &Client {
        &self.client
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
        let answer = self
            .send(&rule, Method::GET, "/version", Vec::new())
            .await?;
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

    /// A pod.
    ///
    /// # Errors
    /// See [`ReadErrorKind`].
    pub async fn pod(&self, namespace: &str, name: &str) -> Result<Pod, ReadError> {
        let rule = rule("get", "pods", Some(namespace), Some(name));
        let path = format!(
            "/api/v1/namespaces/{}/pods/{}",
            encoded(namespace),
            encoded(name)
        );
        self.get(rule, &path).await
    }

    /// The pods that run as this service account, newest first; at most 2000 are read.
    ///
    /// # Errors
    /// See [`ReadErrorKind`].
    pub async fn pods_for(&self, account: &ServiceAccount) -> Result<Vec<Pod>, ReadError> {
        let (namespace, name) = (account.namespace(), account.name());
        let rule = rule("list", "pods", Some(namespace), None);
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods?limit={PODS}&fieldSelector=spec.serviceAccountName%3D{name}"
        );
        let (mut pods, mut next) = (Vec::new(), String::new());
        for _ in 0..MAX_PAGES {
            let page: List<Pod> = self.get(rule.clone(), &format!("{path}{next}")).await?;
            pods.extend(page.items);
            match page.metadata.next.filter(|token| !token.is_empty()) {
                Some(token) => next = format!("&continue={}", encoded(&token)),
                None => break,
            }
        }
        pods.sort_by_key(|pod: &Pod| std::cmp::Reverse(pod.metadata.created));
        Ok(pods)
    }

    /// A configuration of mutating admission webhooks.
    ///
    /// # Errors
    /// See [`ReadErrorKind`].
    pub async fn webhook_configuration(
        &self,
        name: &str,
    ) -> Result<WebhookConfiguration, ReadError> {
        let rule = rule("get", WEBHOOKS, None, Some(name));
        self.get(rule, &format!("{WEBHOOKS_PATH}/{}", encoded(name)))
            .await
    }

    /// All configurations of mutating admission webhooks.
    ///
    /// # Errors
    /// See [`ReadErrorKind`].
    pub async fn webhook_configurations(&self) -> Result<Vec<WebhookConfiguration>, ReadError> {
        let rule = rule("list", WEBHOOKS, None, None);
        let list: List<WebhookConfiguration> = self.get(rule, WEBHOOKS_PATH).await?;
        Ok(list.items)
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        rule: Rule,
        path: &str,
    ) -> Result<T, ReadError> {
        let answer = self.send(&rule, Method::GET, path, Vec::new()).await?;
        parse(&rule, &answer.body)
    }

    /// Sends a request, unless its answer is kept.
    pub(crate) async fn send(
        &self,
        rule: &Rule,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Arc<ApiResponse>, ReadError> {
        let answers = self.answers.as_ref().filter(|_| method == Method::GET);
        let send = async { self.send_now(rule, method, path, body).await.map(Arc::new) };
        match answers {
            Some(answers) => answers.get(path.to_owned(), send).await,
            None => send.await,
        }
    }

    /// Sends a request. The requests of kube-client log responses that they cannot parse, have no size limit, and retry
    /// for minutes if the server is overloaded.
    async fn send_now(
        &self,
        rule: &Rule,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<ApiResponse, ReadError> {
        let failed = |kind| ReadError {
            rule: rule.clone(),
            kind,
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let request = request(&method, path, body.clone());
            let (head, body) = self.response(request).await.map_err(failed)?;
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

    async fn response(
        &self,
        request: Result<Request<Body>, http::Error>,
    ) -> Result<(Parts, Vec<u8>), ReadErrorKind> {
        let request = request.map_err(|error| ReadErrorKind::Other(error.to_string()))?;
        let response = self.client.send(request).await;
        let response = response.map_err(|error| no_response(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        let body = body.map_err(|error| ReadErrorKind::Other(shown(&error.to_string())))?;
        Ok((head, body.to_bytes().to_vec()))
    }
}

/// Shows only the address, because the client contains credentials.
impl fmt::Debug for KubeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KubeReader").field(&self.address).finish()
    }
}

const WEBHOOKS: &str = "mutatingwebhookconfigurations";
const WEBHOOKS_PATH: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

/// A response of the API server.
pub(crate) struct ApiResponse {
    date: Option<SystemTime>,
    pub(crate) body: Vec<u8>,
}

fn request(method: &Method, path: &str, body: Vec<u8>) -> Result<Request<Body>, http::Error> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::ACCEPT, "application/json, */*")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
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

pub(crate) fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

fn no_response(error: &kube_client::Error) -> ReadErrorKind {
    match error {
        kube_client::Error::Auth(_) => ReadErrorKind::NoCredentials,
        kube_client::Error::HyperError(_) | kube_client::Error::Service(_) => {
            ReadErrorKind::Unreachable(shown(&innermost(error)))
        }
        _ => ReadErrorKind::Other("cannot send the request".to_owned()),
    }
}

/// The innermost source of the error: the message of the system or of TLS.
fn innermost(error: &kube_client::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    text
}

fn error_status(status: StatusCode, body: &[u8]) -> ReadErrorKind {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    let message = serde_json::from_slice::<Status>(body).map_or_else(
        |_| format!("the API server returned {status}"),
        |status| shown(&status.message),
    );
    match status {
        StatusCode::UNAUTHORIZED => ReadErrorKind::Unauthenticated,
        StatusCode::FORBIDDEN => ReadErrorKind::Denied(message),
        StatusCode::NOT_FOUND => ReadErrorKind::Absent,
        _ => ReadErrorKind::Other(message),
    }
}

fn shown(text: &str) -> String {
    printable(text).longest(MAX_TEXT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_contains_the_message_of_the_api_server() {
        let body = br#"{"kind": "Status", "message": "pods \"x\" is forbidden\nfor you"}"#;
        let expected = ReadErrorKind::Denied(r#"pods "x" is forbidden\nfor you"#.to_owned());
        assert_eq!(error_status(StatusCode::FORBIDDEN, body), expected);
        let nonsense = error_status(StatusCode::BAD_GATEWAY, b"<html>");
        assert!(nonsense.to_string().contains("502"), "{nonsense}");
    }

    #[test]
    fn a_name_stays_one_segment_of_the_path() {
        assert_eq!(encoded("../secrets?x"), "..%2Fsecrets%3Fx");
    }
}
