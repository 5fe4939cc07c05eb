//! The EKS Pod Identity agent, and the EKS Auth API behind it.
//!
//! Checks and texts are those of the agent (aws/eks-pod-identity-agent); errors of `AssumeRoleForPodIdentity` have its
//! format: `[REQUEST-ID]: (CODE): TEXT, fault: client`.

mod auth;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Request, Response, StatusCode};
use irsa_chain::Cause;
use serde_json::json;

use crate::clock::{LabClock, rfc3339};
use crate::jwt::{Jwt, ParseFault, TimeFault};
use crate::ledger::{Ledger, Outcome, RefusalEntry, Service};
use crate::oidc::Issuer;
use crate::reply;
use crate::sessions::{Session, Sessions};
use crate::world::World;

/// The real addresses of the agent.
const ADDRESSES: [&str; 2] = ["169.254.170.23", "fd00:ec2::23"];
const OPERATION: &str = "credentials";

/// The agent of a node. It uses AWS's clock.
#[derive(Debug)]
pub struct PodIdentityAgent {
    /// The world: associations, roles.
    pub world: Arc<World>,
    /// Issues credentials.
    pub sessions: Arc<Sessions>,
    /// Counts requests and records refusals.
    pub ledger: Arc<Ledger>,
    /// AWS's clock.
    pub clock: Arc<dyn LabClock>,
    /// The cluster's issuer.
    pub issuer: Arc<Issuer>,
}

/// The reason why the agent does not return credentials.
#[derive(Debug)]
struct AgentError {
    status: StatusCode,
    code: &'static str,
    text: String,
    cause: Cause,
}

impl PodIdentityAgent {
    /// Responds to a request. Like the agent, it ignores the method.
    pub fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if request.uri().path() != "/v1/credentials" {
            self.ledger
                .count(Service::PodIdentity, "unknown", Outcome::Refused);
            return reply::text(StatusCode::NOT_FOUND, "404 page not found\n");
        }
        match self.session(request) {
            Ok(session) => {
                self.ledger
                    .count(Service::PodIdentity, OPERATION, Outcome::Served);
                reply::json(StatusCode::OK, document(&session))
            }
            Err(error) => self.refuse(error),
        }
    }

    fn session(&self, request: &Request<Bytes>) -> Result<Arc<Session>, AgentError> {
        check_host(request)?;
        let token = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|token| token.to_str().ok())
            .unwrap_or("");
        if token.is_empty() {
            return Err(AgentError::request(
                "Service account token cannot be empty",
                Cause::TokenFileEmpty,
            ));
        }
        let token = Jwt::parse(token).map_err(unreadable)?;
        let now = self.clock.now();
        token.check_time(now).map_err(untimely)?;
        self.assume_role_for_pod_identity(&token, now)
    }

    fn refuse(&self, error: AgentError) -> Response<Bytes> {
        let AgentError {
            status,
            code,
            text,
            cause,
        } = error;
        self.ledger.refuse(RefusalEntry {
            service: Service::PodIdentity,
            operation: OPERATION.to_owned(),
            cause,
            code: code.to_owned(),
            message: text.clone(),
        });
        reply::text(status, format!("{text}\n"))
    }
}

impl AgentError {
    /// A refusal by the agent itself.
    fn request(text: impl Into<String>, cause: Cause) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "400",
            text: text.into(),
            cause,
        }
    }
}

/// Accepts the agent's address, or one that stands for it in the lab.
fn check_host(request: &Request<Bytes>) -> Result<(), AgentError> {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    let authority: Option<http::uri::Authority> = host.parse().ok();
    let name = authority
        .as_ref()
        .map_or(host, |authority| authority.host());
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if ADDRESSES.contains(&name) || ["127.0.0.1", "::1"].contains(&name) {
        return Ok(());
    }
    let [v4, v6] = ADDRESSES;
    let text = format!(
        "Access Denied. Called agent through invalid address, please use either [{v4} {v6}] \
         address not {name}"
    );
    Err(AgentError {
        status: StatusCode::FORBIDDEN,
        code: "403",
        text,
        cause: Cause::PodIdentityRefused,
    })
}

fn unreadable(fault: ParseFault) -> AgentError {
    let why = match fault {
        ParseFault::Segments => "token contains an invalid number of segments".to_owned(),
        ParseFault::Header { at } => {
            format!("could not base64 decode header: illegal base64 data at input byte {at}")
        }
        ParseFault::Content => "could not JSON decode claim".to_owned(),
    };
    let text = format!("Service account token cannot be parsed: token is malformed: {why}");
    AgentError::request(text, Cause::TokenMalformed)
}

fn untimely(fault: TimeFault) -> AgentError {
    let why = match fault {
        TimeFault::Expired => "token is expired",
        TimeFault::NotYet => "token is not valid yet",
    };
    AgentError::request(
        format!("Service account token failed basic claim validations: {why}"),
        fault.cause(),
    )
}

fn document(session: &Session) -> String {
    json!({
        "AccessKeyId": session.credentials.access_key_id,
        "SecretAccessKey": session.credentials.secret_access_key,
        "Token": session.credentials.session_token,
        "AccountId": session.spec.role.account(),
        "Expiration": rfc3339(session.expires_at),
    })
    .to_string()
}
