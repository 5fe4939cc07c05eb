//! Exchanges the pod's projected token for credentials of the EKS Pod Identity agent.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use irsa_chain::{Cause, Link};
use secrecy::ExposeSecret;

use super::{Exchange, Exchanged, agent};
use crate::error::scrub::scrub;
use crate::http::{Answer, Http, HttpUrl};
use crate::{
    IdentityCall, IdentityError, IdentityObserver, IdentityService, SessionCredentials, token_file,
};

/// The addresses of the ECS and EKS agents, which use clear text.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

#[derive(Debug)]
pub(super) struct PodIdentity {
    uri: HttpUrl,
    token_file: PathBuf,
    http: Http,
    limit: Duration,
    observer: Option<Arc<dyn IdentityObserver>>,
}

impl PodIdentity {
    /// Uses the agent at `uri`.
    ///
    /// # Errors
    /// `uri` is not a URL to which the AWS SDKs would send the token ("Container credential provider" in the AWS SDKs
    /// and Tools Reference Guide): TLS, loopback, or the address of an agent.
    pub(super) fn new(
        uri: &str,
        token_file: &std::path::Path,
        http: Http,
        limit: Duration,
    ) -> Result<Self, IdentityError> {
        Ok(Self {
            uri: agent_url(uri)?,
            token_file: token_file.to_owned(),
            http,
            limit,
            observer: None,
        })
    }

    /// Reports each call to `observer`.
    pub(super) fn observed_by(self, observer: Option<Arc<dyn IdentityObserver>>) -> Self {
        Self { observer, ..self }
    }

    async fn ask(&self) -> Result<SessionCredentials, IdentityError> {
        let token = token_file::read(&self.token_file).await?;
        let token = token.expose_secret();
        let request = self.request(token)?;
        let begun = Instant::now();
        let outcome = self.send(request, token).await;
        self.report(begun.elapsed(), outcome.as_ref().err());
        outcome
    }

    async fn send(
        &self,
        request: HttpRequest,
        token: &str,
    ) -> Result<SessionCredentials, IdentityError> {
        let answer = self.http.ask_local(request, self.limit).await;
        let answer = answer.map_err(|why| self.unreachable(&scrub(&why, &[token])))?;
        if answer.status != 200 {
            return Err(refusal(&answer, token));
        }
        agent::credentials(&answer.body).ok_or_else(|| {
            let text = "the Pod Identity agent's response contains no credentials";
            IdentityError::new(Cause::PodIdentityRefused, text)
        })
    }

    fn report(&self, took: Duration, error: Option<&IdentityError>) {
        if let Some(observer) = &self.observer {
            let service = IdentityService::PodIdentityAgent {
                host: self.uri.host(),
            };
            observer.called(&IdentityCall {
                service,
                took,
                error,
            });
        }
    }

    /// Creates the request. The token is sent without `Bearer`, which the agent would reject as malformed.
    fn request(&self, token: &str) -> Result<HttpRequest, IdentityError> {
        let refused = |text: String| IdentityError::at(Link::ServiceAccount, text);
        let mut request =
            HttpRequest::get(self.uri.to_text()).map_err(|error| refused(error.to_string()))?;
        let headers = request.headers_mut();
        headers
            .try_insert("authorization", token.to_owned())
            .map_err(|_| refused("the token is not a valid header value".to_owned()))?;
        Ok(request)
    }

    fn unreachable(&self, why: &str) -> IdentityError {
        let text = format!(
            "cannot reach the Pod Identity agent on `{}`: {why}",
            self.uri.host()
        );
        IdentityError::new(Cause::PodIdentityRefused, text).transient().with_remedy(
            "check that the add-on eks-pod-identity-agent runs on this node, that no network policy \
             blocks the pod's access to its address, and that NO_PROXY of other clients includes it",
        )
    }
}

impl Exchange for PodIdentity {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(self.ask())
    }
}

/// Parses the URL of the agent.
///
/// # Errors
/// See [`PodIdentity::new`].
pub(crate) fn agent_url(uri: &str) -> Result<HttpUrl, IdentityError> {
    HttpUrl::parse(uri).and_then(allowed).map_err(|text| {
        let text = format!("`AWS_CONTAINER_CREDENTIALS_FULL_URI`: {text}");
        IdentityError::new(Cause::CredentialsUriNotAllowed, text)
    })
}

fn allowed(url: HttpUrl) -> Result<HttpUrl, String> {
    let agents = AGENTS
        .iter()
        .filter_map(|address| address.parse::<IpAddr>().ok());
    let is_agent = url
        .ip()
        .is_some_and(|ip| agents.into_iter().any(|agent| agent == ip));
    if url.is_https() || url.is_loopback() || is_agent {
        return Ok(url);
    }
    let (host, agents) = (url.host(), AGENTS.join(", "));
    Err(format!(
        "`{host}` is not the address of an agent; expected `https`, a loopback address, or one of {agents}"
    ))
}

/// Converts an error response. The agent forwards the error of the EKS Auth API as `[REQUEST]: (CODE): TEXT`, with
/// varying status. The codes that are handled here do not change without a change in IAM or the cluster.
fn refusal(answer: &Answer, token: &str) -> IdentityError {
    const FINAL: [&str; 4] = [
        "(ResourceNotFoundException)",
        "(AccessDeniedException)",
        "(InvalidTokenException)",
        "(ExpiredTokenException)",
    ];
    let said = scrub(&String::from_utf8_lossy(&answer.body), &[token]);
    let text = format!(
        "the Pod Identity agent returned status {}: {said}",
        answer.status
    );
    let error = IdentityError::new(cause_of(&said), text);
    let is_final = (400..500).contains(&answer.status) && answer.status != 429;
    if is_final || FINAL.iter().any(|code| said.contains(code)) {
        error
    } else {
        error.transient()
    }
}

fn cause_of(said: &str) -> Cause {
    if said.contains("(ExpiredTokenException)") || said.contains("basic claim validations") {
        Cause::TokenExpired
    } else if said.contains("token cannot be parsed") {
        Cause::TokenMalformed
    } else {
        Cause::PodIdentityRefused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_sent_to_tls_loopback_and_agents_only() {
        for (url, fine) in [
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://169.254.170.2/v2/credentials", true),
            ("http://127.0.0.1:51679/", true),
            ("http://localhost:51679/", true),
            ("https://credentials.internal/", true),
            ("http://credentials.internal/", false),
            ("http://169.254.169.254/latest", false),
            ("http://169.254.170.23.evil.example/", false),
            ("http://127.0.0.1@evil.example/", false),
            ("file:///token", false),
        ] {
            assert_eq!(HttpUrl::parse(url).and_then(allowed).is_ok(), fine, "{url}");
        }
    }

    fn refused(status: u16, body: &str) -> IdentityError {
        let answer = Answer {
            status,
            date: None,
            body: body.as_bytes().to_vec(),
        };
        refusal(&answer, "the token")
    }

    #[test]
    fn errors_of_the_agent_are_classified() {
        for (status, body, cause) in [
            (
                400,
                "Service account token cannot be parsed: token is malformed",
                Cause::TokenMalformed,
            ),
            (
                400,
                "Service account token failed basic claim validations: token is expired",
                Cause::TokenExpired,
            ),
            (
                500,
                "[r-1]: (ExpiredTokenException): expired, fault: client",
                Cause::TokenExpired,
            ),
            (
                500,
                "[r-1]: (AccessDeniedException): not allowed, fault: client",
                Cause::PodIdentityRefused,
            ),
            (
                403,
                "Access Denied. Called agent through invalid address",
                Cause::PodIdentityRefused,
            ),
        ] {
            let error = refused(status, body);
            assert_eq!(error.cause(), Some(cause), "{body}");
            assert!(!error.is_transient(), "{body}");
            assert!(error.to_string().contains(body), "{error}");
        }
    }

    #[test]
    fn failures_of_the_agent_are_transient() {
        for (status, body) in [
            (500, ""),
            (429, "slow down"),
            (503, "(ThrottlingException): later"),
        ] {
            assert!(refused(status, body).is_transient(), "{status}");
        }
    }

    #[test]
    fn a_token_repeated_by_the_agent_is_removed() {
        let error = refused(400, "can't parse 'the token'");
        assert!(!format!("{error:?}").contains("the token'"), "{error:?}");
    }
}
