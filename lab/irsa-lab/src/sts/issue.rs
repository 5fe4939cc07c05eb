//! New sessions, and their representation in responses.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use irsa_chain::Cause;

use super::Sts;
use super::error::StsError;
use super::passed::Passed;
use super::validate::Assume;
use super::xml::Element;
use crate::clock::rfc3339;
use crate::iam;
use crate::sessions::{Origin, Session, SessionSpec};
use crate::world::Role;

impl Sts {
    /// Issues a session of `role` with the requested duration, if the role allows it.
    pub(super) fn issue(
        &self,
        role: &Role,
        assume: Assume,
        passed: Passed,
        origin: Origin,
        now: SystemTime,
    ) -> Result<Arc<Session>, StsError> {
        let asked = Duration::from_secs(assume.seconds);
        if asked > role.max_session {
            let message =
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Err(StsError::validation(message, Cause::DurationExceedsMaximum));
        }
        let life = self
            .faults
            .session_life()
            .map_or(asked, |forced| forced.min(asked));
        let spec = SessionSpec {
            tags: passed.tags,
            transitive_tags: passed.transitive,
            source_identity: passed.source_identity,
            policies: passed.policy.into_iter().collect(),
            ..SessionSpec::new(assume.role, assume.session_name, life, origin)
        };
        Ok(self.sessions.issue(spec, now))
    }
}

/// Returns `<PackedPolicySize>` if the request has policies or tags.
pub(super) fn packed_policy_size(packed: Option<usize>) -> Option<Element> {
    packed.map(|packed| Element::Text("PackedPolicySize", packed.to_string()))
}

/// Returns `<AssumedRoleUser>`.
pub(super) fn assumed_role_user(session: &Session, role: &Role) -> Element {
    Element::Parent(
        "AssumedRoleUser",
        vec![
            Element::Text("AssumedRoleId", iam::user_id(session, role)),
            Element::Text("Arn", session.principal().to_string()),
        ],
    )
}

/// Returns `<Credentials>`.
pub(super) fn credentials(session: &Session) -> Element {
    let credentials = &session.credentials;
    Element::Parent(
        "Credentials",
        vec![
            Element::Text("AccessKeyId", credentials.access_key_id.clone()),
            Element::Text(
                "SecretAccessKey",
                credentials.secret_access_key.expose().to_owned(),
            ),
            Element::Text(
                "SessionToken",
                credentials.session_token.expose().to_owned(),
            ),
            Element::Text("Expiration", rfc3339(session.expires_at)),
        ],
    )
}
