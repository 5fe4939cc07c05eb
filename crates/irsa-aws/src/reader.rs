//! Who reads, and how.

use std::time::Duration;

use irsa_chain::Region;
use irsa_identity::{ApiAnswer, ApiCall, CallerIdentity, Environment, Identity};

use crate::ReadError;
use crate::endpoints::{Endpoints, Service};

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(4);

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
    /// endpoints: `AWS_ENDPOINT_URL`, and `AWS_ENDPOINT_URL_IAM`, `_RDS` and `_OPENSEARCH`.
    pub fn new(identity: Identity, environment: &Environment) -> Self {
        Self {
            identity,
            endpoints: Endpoints::new(environment),
        }
    }

    /// Whose credentials they are.
    ///
    /// # Errors
    /// When there are none, or STS does not know them.
    pub async fn caller(&self) -> Result<CallerIdentity, ReadError> {
        let caller = self.identity.caller().await;
        caller.map_err(|error| ReadError::without_credentials("sts:GetCallerIdentity", &error))
    }

    /// Asks a path of an API; what `POST` sends is in `body`, with its media type.
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
        let answer = self.identity.call(call, LIMIT).await;
        answer.map_err(|error| ReadError::unanswered(action, error))
    }
}
