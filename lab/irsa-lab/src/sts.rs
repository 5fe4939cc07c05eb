//! The security token service: Query protocol, AWS's codes and texts.
//!
//! Formats and texts: STS API Reference 2011-06-15, and observed responses.

mod assume_role;
mod authenticate;
mod caller_identity;
mod error;
mod issue;
mod parameters;
mod passed;
mod validate;
mod web_identity;
mod xml;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, HeaderValue};
use http::{Request, Response};

use crate::clock::{LabClock, http_date, pause};
use crate::faults::{Faults, StsFault};
use crate::ledger::{Ledger, Outcome, RefusalEntry, Service};
use crate::oidc::Issuer;
use crate::random;
use crate::sessions::Sessions;
use crate::world::World;
use error::StsError;
use parameters::Parameters;
use xml::Element;

/// The version of the API.
const VERSION: &str = "2011-06-15";

/// The service. It uses AWS's clock.
#[derive(Debug)]
pub struct Sts {
    /// The world.
    pub world: Arc<World>,
    /// Issues and looks up credentials.
    pub sessions: Arc<Sessions>,
    /// Counts requests and records refusals.
    pub ledger: Arc<Ledger>,
    /// The current faults.
    pub faults: Arc<Faults>,
    /// AWS's clock.
    pub clock: Arc<dyn LabClock>,
    /// The issuer whose keys STS can fetch.
    pub issuer: Arc<Issuer>,
}

/// A served request: the name of its response element, and its result.
struct Served {
    operation: &'static str,
    result: Vec<Element>,
}

impl Sts {
    /// Responds to a request; the response's `Date` is by AWS's clock.
    pub async fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut response = self.answer(request).await;
        let date = HeaderValue::from_str(&http_date(self.clock.now()));
        response.headers_mut().extend(date.map(|date| (DATE, date)));
        response
    }

    async fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let request_id = random::uuid();
        let parameters = Parameters::from_request(request);
        let operation = parameters.operation();
        let fault = self.faults.take_sts().unwrap_or_default();
        pause(self.faults.latency(Service::Sts)).await;
        pause(Duration::from_millis(fault.latency_ms)).await;
        if let Some(error) = self.fault(&fault) {
            self.ledger.count(Service::Sts, operation, Outcome::Fault);
            return error.response(&request_id);
        }
        match self.dispatch(request, &parameters) {
            Ok(served) => {
                self.ledger.count(Service::Sts, operation, Outcome::Served);
                xml::success(served.operation, &served.result, &request_id)
            }
            Err(error) => {
                self.enter(operation, &error);
                error.response(&request_id)
            }
        }
    }

    fn dispatch(
        &self,
        request: &Request<Bytes>,
        parameters: &Parameters,
    ) -> Result<Served, StsError> {
        if parameters.get("Version") != Some(VERSION) {
            return Err(StsError::no_operation(parameters));
        }
        let (operation, result) = match parameters.operation() {
            operation @ "AssumeRoleWithWebIdentity" => {
                (operation, self.assume_role_with_web_identity(parameters)?)
            }
            operation @ "AssumeRole" => (operation, self.assume_role(request, parameters)?),
            operation @ "GetCallerIdentity" => (operation, self.caller_identity(request)?),
            _ => return Err(StsError::no_operation(parameters)),
        };
        Ok(Served { operation, result })
    }

    fn fault(&self, fault: &StsFault) -> Option<StsError> {
        fault
            .kind
            .as_ref()
            .map(|kind| StsError::from_fault(kind, self.world.kubernetes().account.as_str()))
    }

    fn enter(&self, operation: &str, error: &StsError) {
        let Some(cause) = error.cause else {
            return self.ledger.count(Service::Sts, operation, Outcome::Refused);
        };
        self.ledger.refuse(RefusalEntry {
            service: Service::Sts,
            operation: operation.to_owned(),
            cause,
            code: error.code.to_string(),
            message: error.log_text(),
        });
    }
}
