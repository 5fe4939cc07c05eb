//! `AssumeRole`: a session of a role for a session of a different role, possibly in a different account.

use std::iter;
use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use irsa_chain::Cause;
use irsa_explain::Question;
use irsa_policy::{Context, Decision, Layer, PolicySet, Reason};

use super::Sts;
use super::error::StsError;
use super::issue::{assumed_role_user, credentials, packed_policy_size};
use super::parameters::Parameters;
use super::passed::Passed;
use super::validate::Assume;
use super::xml::Element;
use crate::iam;
use crate::sessions::{Origin, Session};
use crate::world::{Role, World};

/// Maximum duration of sessions by role chaining, in seconds.
const CHAINED_LIMIT: u64 = 3_600;

impl Sts {
    pub(super) fn assume_role(
        &self,
        request: &Request<Bytes>,
        parameters: &Parameters,
    ) -> Result<Vec<Element>, StsError> {
        let now = self.clock.now();
        let (session, role) = self.authenticate(request, now)?;
        let caller = Caller {
            session: &session,
            role,
            now,
        };
        let assume = Assume::read(parameters)?;
        let passed = Passed::read(parameters, &caller.session.spec)?;
        let packed = packed_policy_size(passed.packed);
        let target = self.role_for(&caller, &assume, &passed, parameters.get("ExternalId"))?;
        if assume.seconds > CHAINED_LIMIT {
            let message = "The requested DurationSeconds exceeds the 1 hour session limit for \
                           roles assumed by role chaining.";
            return Err(StsError::validation(message, Cause::DurationExceedsMaximum));
        }
        let session = self.issue(target, assume, passed, Origin::Chained, now)?;
        let source = session.spec.source_identity.clone();
        let source = source.map(|name| Element::Text("SourceIdentity", name));
        let result = [
            source,
            Some(assumed_role_user(&session, target)),
            Some(credentials(&session)),
            packed,
        ];
        Ok(result.into_iter().flatten().collect())
    }

    /// Returns the role if both its trust policy and the caller's policies allow the step.
    fn role_for(
        &self,
        caller: &Caller<'_>,
        assume: &Assume,
        passed: &Passed,
        external_id: Option<&str>,
    ) -> Result<&Role, StsError> {
        let target = self.world.role(&assume.role);
        let target = target.ok_or_else(|| {
            caller
                .denied("sts:AssumeRole", assume)
                .because("the role does not exist")
        })?;
        let mut question = caller.question("sts:AssumeRole", target, &self.world);
        let session_name = assume.session_name.to_string();
        question.context.fill("sts:RoleSessionName", [session_name]);
        question.context.fill("sts:ExternalId", external_id);
        let mut keys = Context::new();
        passed.fill(&mut keys);
        question.context.fill_all(&keys);
        for action in iter::once("sts:AssumeRole").chain(passed.actions()) {
            action.clone_into(&mut question.action);
            if let Err(why) = caller.may_step(&question, target) {
                return Err(caller.denied(action, assume).because(why));
            }
        }
        Ok(target)
    }
}

/// The session that requests a different role.
struct Caller<'a> {
    session: &'a Session,
    role: &'a Role,
    now: SystemTime,
}

impl Caller<'_> {
    fn question(&self, action: &str, target: &Role, world: &World) -> Question {
        let access = (action, target.arn.as_str());
        iam::session_question(self.session, self.role, world, access, self.now)
    }

    /// Returns whether the trust policy of the role and the policies of the caller allow a step; the error says why
    /// not.
    fn may_step(&self, question: &Question, target: &Role) -> Result<(), String> {
        let policies = PolicySet {
            resource: Some(&target.trust),
            ..iam::session_policies(self.session, self.role)
        };
        let outcome = iam::decide(question, policies);
        if outcome.decision == Decision::Allowed {
            return Ok(());
        }
        Err(match &outcome.reason {
            Reason::Denies(cited) if cited.layer == Layer::Resource => {
                "the trust policy denies it".to_owned()
            }
            Reason::Denies(_) => "the caller's policies deny it".to_owned(),
            Reason::NothingAllows(Layer::Resource) => iam::nearest_miss(&outcome)
                .unwrap_or_else(|| "the trust policy does not allow it".to_owned()),
            _ => "the caller's policies do not allow it".to_owned(),
        })
    }

    fn denied(&self, action: &str, assume: &Assume) -> StsError {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {}",
            self.session.principal(),
            assume.role
        );
        StsError::access_denied(message, Cause::ChainedRoleDenied)
    }
}
