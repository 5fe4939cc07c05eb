//! The client that makes the calls.

use std::time::Duration;

use irsa_chain::Region;
use irsa_identity::{ApiAnswer, ApiCall, CallerIdentity, Environment, Identity};
use tokio::time::{Instant, sleep};

use crate::answers::Answers;
use crate::endpoints::{Endpoints, Service};
use crate::{ReadError, error_response};

/// The time limit of a call, including retries.
const LIMIT: Duration = Duration::from_secs(4);

/// The delays before retries. Like the SDKs, this makes three attempts in total ("Retry behavior" in the AWS SDKs and
/// Tools Reference Guide).
const RETRY_DELAYS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

const JSON_1_1: &str = "application/x-amz-json-1.1";

/// The maximum number of pages of a list, so that a server cannot keep a call going forever.
pub(crate) const MAX_PAGES: usize = 50;

/// Reads the settings of an AWS account.
#[derive(Debug, Clone)]
pub struct AwsReader {
    identity: Identity,
    endpoints: Endpoints,
    answers: Option<Answers>,
}

impl AwsReader {
    /// Reads with the credentials of `identity`, usually those of a profile or of the environment. The environment can
    /// override endpoints (`AWS_ENDPOINT_URL`, and `AWS_ENDPOINT_URL_IAM`, `_RDS`, `_OPENSEARCH` and `_SECRETS_MANAGER`)
    /// and select FIPS or dual-stack ones (`AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`).
    pub fn new(identity: Identity, environment: &Environment) -> Self {
        Self {
            identity,
            endpoints: Endpoints::new(environment),
            answers: None,
        }
    }

    /// Keeps every answer, also those that are errors: this reader and its clones make each call once. For checks of
    /// many workloads, which share providers, roles and data stores.
    #[must_use]
    pub fn with_memory(mut self) -> Self {
        self.answers = Some(Answers::default());
        self
    }

    /// Selects FIPS or dual-stack endpoints, in addition to what the environment selects.
    #[must_use]
    pub fn with_variant(mut self, fips: bool, dual_stack: bool) -> Self {
        self.endpoints.variant.fips |= fips;
        self.endpoints.variant.dual_stack |= dual_stack;
        self
    }

    /// The owner of the credentials.
    ///
    /// # Errors
    /// There are no credentials, or STS does not accept them.
    pub async fn caller(&self) -> Result<CallerIdentity, ReadError> {
        match &self.answers {
            Some(answers) => answers.caller(self.read_caller()).await,
            None => self.read_caller().await,
        }
    }

    async fn read_caller(&self) -> Result<CallerIdentity, ReadError> {
        let caller = self.identity.caller().await;
        caller.map_err(|error| ReadError::without_credentials("sts:GetCallerIdentity", &error))
    }

    /// Calls an API path: a GET, or a POST with a media type and a body.
    pub(crate) async fn call(
        &self,
        action: &'static str,
        (service, region): (Service, &Region),
        path: &str,
        body: Option<(&'static str, String)>,
    ) -> Result<ApiAnswer, ReadError> {
        let call = ApiCall {
            url: format!("{}{path}", self.endpoints.url(service, region)),
            service: service.signing_name(),
            region: region.clone(),
            body,
            target: None,
        };
        match &self.answers {
            Some(answers) => answers.call(&call, self.send(action, &call)).await,
            None => self.send(action, &call).await,
        }
    }

    /// Calls an operation of the protocol AWS JSON 1.1. Its answers, which may be secrets, are never kept.
    pub(crate) async fn call_json(
        &self,
        action: &'static str,
        (service, region): (Service, &Region),
        target: &'static str,
        body: String,
    ) -> Result<ApiAnswer, ReadError> {
        let call = ApiCall {
            url: format!("{}/", self.endpoints.url(service, region)),
            service: service.signing_name(),
            region: region.clone(),
            body: Some((JSON_1_1, body)),
            target: Some(target),
        };
        self.send(action, &call).await
    }

    /// Retries throttled calls and internal errors within the time limit, which is safe because all calls are read-only.
    async fn send(&self, action: &'static str, call: &ApiCall) -> Result<ApiAnswer, ReadError> {
        let deadline = Instant::now() + LIMIT;
        let mut delays = RETRY_DELAYS.into_iter();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = self.identity.call(call.clone(), left).await;
            let answer = answer.map_err(|error| ReadError::from_api(action, error))?;
            let is_transient = error_response::is_transient(action, &answer);
            let delay = delays.next().filter(|_| is_transient);
            match delay.filter(|delay| Instant::now() + *delay < deadline) {
                Some(delay) => sleep(delay).await,
                None => return Ok(answer),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use irsa_identity::{IdentitySettings, SourceChoice, SystemClock};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::ReadErrorKind;

    const DOMAINS: (u16, &str) = (200, r#"{"DomainNames": []}"#);
    const FAILED: (u16, &str) = (503, "");
    const THROTTLED: (u16, &str) = (429, r#"{"message": "Rate exceeded"}"#);

    /// A reader whose server sends these responses, each on a new connection, and then accepts no more connections.
    async fn reader(answers: &'static [(u16, &str)]) -> AwsReader {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for (status, body) in answers {
                let (mut connection, _) = listener.accept().await.unwrap();
                assert!(connection.read(&mut [0; 8192]).await.unwrap() > 0);
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                connection.write_all(head.as_bytes()).await.unwrap();
            }
        });
        let environment = Environment::from_pairs([
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", &url),
        ]);
        let settings = IdentitySettings::new(SourceChoice::Env, environment.clone());
        let identity = Identity::start(settings, Arc::new(SystemClock)).unwrap();
        AwsReader::new(identity, &environment)
    }

    /// The result of listing the domains.
    async fn listed(answers: &'static [(u16, &str)]) -> ReadError {
        let endpoint = "search-logs-abc.eu-central-1.es.amazonaws.com";
        let reader = reader(answers).await;
        reader.domain(&endpoint.parse().unwrap()).await.unwrap_err()
    }

    #[tokio::test]
    async fn the_third_attempt_can_succeed() {
        let error = listed(&[THROTTLED, FAILED, DOMAINS]).await;
        assert_eq!(error.kind, ReadErrorKind::Absent, "{error}");
    }

    #[tokio::test]
    async fn a_reader_with_memory_makes_each_call_once() {
        let reader = reader(&[DOMAINS, THROTTLED]).await.with_memory();
        let endpoint = "search-logs-abc.eu-central-1.es.amazonaws.com";
        let endpoint = endpoint.parse().unwrap();
        let (first, other) = (reader.clone(), reader.clone());
        let both = tokio::join!(first.domain(&endpoint), other.domain(&endpoint));
        let again = reader.domain(&endpoint).await;
        for answer in [both.0, both.1, again] {
            assert_eq!(answer.unwrap_err().kind, ReadErrorKind::Absent);
        }
        let elsewhere = "search-logs-abc.eu-west-1.es.amazonaws.com";
        let error = reader.domain(&elsewhere.parse().unwrap()).await;
        assert_ne!(error.unwrap_err().kind, ReadErrorKind::Absent, "a new call");
    }

    #[tokio::test]
    async fn a_call_that_stays_throttled_is_an_error() {
        let error = listed(&[THROTTLED, THROTTLED, THROTTLED, DOMAINS]).await;
        assert_eq!(error.kind, ReadErrorKind::Throttled, "{error}");
    }
}
