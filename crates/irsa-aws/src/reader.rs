//! Who reads, and how.

use std::time::Duration;

use irsa_chain::Region;
use irsa_identity::{ApiAnswer, ApiCall, CallerIdentity, Environment, Identity};
use tokio::time::{Instant, sleep};

use crate::endpoints::{Endpoints, Service};
use crate::{ReadError, refusal};

/// How long one call may take, further attempts included.
const LIMIT: Duration = Duration::from_secs(4);

/// How long to wait before each further attempt; the SDKs make three in all ("Retry behavior" in the AWS SDKs and
/// Tools Reference Guide).
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

/// The most pages of one list: whoever has more is looked up by other means, and a server can't keep us forever.
pub(crate) const MOST_PAGES: usize = 50;

/// Reads the settings of an account with somebody's credentials.
#[derive(Debug, Clone)]
pub struct AwsReader {
    identity: Identity,
    endpoints: Endpoints,
}

impl AwsReader {
    /// Reads with `identity`, as a rule one of a profile or of the environment's keys. The environment may name other
    /// endpoints (`AWS_ENDPOINT_URL`, and `AWS_ENDPOINT_URL_IAM`, `_RDS` and `_OPENSEARCH`) and choose FIPS or dual-stack
    /// ones (`AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`).
    pub fn new(identity: Identity, environment: &Environment) -> Self {
        Self {
            identity,
            endpoints: Endpoints::new(environment),
        }
    }

    /// Uses the FIPS or dual-stack endpoints where the environment does not choose them already.
    #[must_use]
    pub fn with_variant(mut self, fips: bool, dual_stack: bool) -> Self {
        self.endpoints.variant.fips |= fips;
        self.endpoints.variant.dual_stack |= dual_stack;
        self
    }

    /// Whose credentials they are.
    ///
    /// # Errors
    /// When there are none, or STS does not know them.
    pub async fn caller(&self) -> Result<CallerIdentity, ReadError> {
        let caller = self.identity.caller().await;
        caller.map_err(|error| ReadError::without_credentials("sts:GetCallerIdentity", &error))
    }

    /// Asks a path of an API; what `POST` sends is in `body`, with its media type. Asks again when AWS has too much to
    /// do or failed, which is safe for what changes nothing, as long as there is time.
    pub(crate) async fn ask(
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
        };
        let deadline = Instant::now() + LIMIT;
        let mut pauses = PAUSES.into_iter();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = self.identity.call(call.clone(), left).await;
            let answer = answer.map_err(|error| ReadError::unanswered(action, error))?;
            let pause = pauses.next().filter(|_| refusal::passes(action, &answer));
            match pause.filter(|pause| Instant::now() + *pause < deadline) {
                Some(pause) => sleep(pause).await,
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

    /// Gives these answers, one after the other, each on a connection of its own; then refuses to talk.
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

    /// What listing the domains comes to.
    async fn listed(answers: &'static [(u16, &str)]) -> ReadError {
        let endpoint = "search-logs-abc.eu-central-1.es.amazonaws.com";
        let reader = reader(answers).await;
        reader.domain(&endpoint.parse().unwrap()).await.unwrap_err()
    }

    #[tokio::test]
    async fn an_answer_may_come_at_the_third_attempt() {
        let error = listed(&[THROTTLED, FAILED, DOMAINS]).await;
        assert_eq!(error.kind, ReadErrorKind::Absent, "{error}");
    }

    #[tokio::test]
    async fn who_stays_throttled_is_told_so() {
        let error = listed(&[THROTTLED, THROTTLED, THROTTLED, DOMAINS]).await;
        assert_eq!(error.kind, ReadErrorKind::Throttled, "{error}");
    }
}
