//! Requests to STS: one without credentials, and the exchange of the token, which is made once.

use std::sync::Arc;
use std::time::SystemTime;

use irsa_chain::{AssumedRoleArn, Cause, Link, RoleArn};
use irsa_identity::{Clock, IdentityError, Inspection, SessionCredentials, StsAnswer};

/// The result of an exchange.
pub(in crate::pod) type Exchanged = Result<SessionCredentials, IdentityError>;

/// A response of STS, and the time of its arrival by this machine's clock.
#[derive(Debug)]
pub(in crate::pod) struct StsResponse {
    pub(in crate::pod) answer: StsAnswer,
    pub(in crate::pod) at: SystemTime,
}

/// The stage at which an exchange ended, in the order in which STS processes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::pod) enum Stage {
    Request,
    Issuer,
    Audience,
    Keys,
    Trust,
    Session,
}

impl Stage {
    /// The stage of an exchange that ended with this error.
    pub(in crate::pod) fn from_error(error: &IdentityError) -> Self {
        match (error.cause(), error.link()) {
            (Some(Cause::IssuerUnknown), _) => Self::Issuer,
            (Some(Cause::TokenAudienceWrong | Cause::TokenAudienceMissing), _) => Self::Audience,
            (Some(Cause::TokenMalformed), _) => Self::Request,
            (_, Link::OidcProvider | Link::ProjectedToken) => Self::Keys,
            (_, Link::TrustPolicy) if error.cause() == Some(Cause::TrustDenied) => Self::Trust,
            (Some(Cause::DurationExceedsMaximum | Cause::ChainedRoleDenied), _) => Self::Session,
            _ => Self::Request,
        }
    }
}

/// Sends a request without credentials, to which STS responds with an error.
pub(in crate::pod) async fn contact(
    inspection: Result<Inspection, IdentityError>,
    clock: Arc<dyn Clock>,
) -> Result<StsResponse, IdentityError> {
    let answer = inspection?.sts_answer().await?;
    Ok(StsResponse {
        answer,
        at: clock.now(),
    })
}

/// Exchanges the source's identity for credentials.
pub(in crate::pod) async fn exchange(inspection: Result<Inspection, IdentityError>) -> Exchanged {
    inspection?.exchange().await
}

/// The URL of the STS endpoint, if it is known.
pub(in crate::pod) async fn url(inspection: &Result<Inspection, IdentityError>) -> Option<String> {
    match inspection {
        Ok(inspection) => inspection.sts_url().await.ok(),
        Err(_) => None,
    }
}

/// Returns whether the error came from a different server, such as a proxy: STS errors always have a code.
pub(in crate::pod) fn is_from_different_server(error: &IdentityError) -> bool {
    error.cause() == Some(Cause::StsInternalError) && error.code().is_none()
}

/// Returns whether the ARN is that of a session of `role`. The ARN of a session does not contain the role's path.
pub(in crate::pod) fn is_session_of(arn: &str, role: &RoleArn) -> bool {
    arn.parse::<AssumedRoleArn>().is_ok_and(|session| {
        (session.account(), session.role_name()) == (role.account(), role.name())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_compared_without_the_path_of_its_role() {
        let arn = "arn:aws:sts::111122223333:assumed-role/app/session";
        let role = |role: &str| role.parse().unwrap();
        assert!(is_session_of(
            arn,
            &role("arn:aws:iam::111122223333:role/team/app")
        ));
        assert!(!is_session_of(
            arn,
            &role("arn:aws:iam::444455556666:role/app")
        ));
        assert!(!is_session_of(
            "arn:aws:iam::111122223333:user/app",
            &role("arn:aws:iam::111122223333:role/app")
        ));
    }
}
