//! `AssumeRole`: a session of a role for a session of a different role, possibly in a different account.

use std::iter;
use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use irsa_chain::Cause;
use irsa_policy::{Context, Decision, Principal};

use super::Sts;
use super::error::StsError;
use super::issue::{assumed_role_user, credentials, packed_policy_size};
use super::parameters::Parameters;
use super::passed::Passed;
use super::validate::Assume;
use super::xml::Element;
use crate::iam;
use crate::sessions::{Origin, Session};
use crate::world::Role;

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
        let mut context = iam::session_context(caller.session, caller.role, caller.now)
            .with("sts:RoleSessionName", assume.session_name.to_string());
        context.insert("sts:ExternalId", external_id.map(str::to_owned));
        passed.fill(&mut context);
        for action in iter::once("sts:AssumeRole").chain(passed.actions()) {
            if let Err(why) = caller.may_step(action, target, &context) {
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
    fn may_step(&self, action: &str, target: &Role, context: &Context) -> Result<(), String> {
        self.is_trusted(action, target, context)?;
        let resource = target.arn.as_str();
        let verdict = iam::may(self.session, self.role, (action, resource), context);
        match verdict.decision {
            Decision::ExplicitlyDenied => Err("the caller's policies deny it".to_owned()),
            Decision::ImplicitlyDenied => {
                let asked = (action, resource);
                let is_narrowed = !iam::session_allows(self.session, asked, context);
                let is_named = self.is_named_by(target, is_narrowed);
                is_named
                    .then_some(())
                    .ok_or_else(|| "the caller's policies do not allow it".to_owned())
            }
            Decision::Allowed => Ok(()),
        }
    }

    /// Whether the trust policy allows the caller. It may name the session, its role, or its account.
    fn is_trusted(&self, action: &str, target: &Role, context: &Context) -> Result<(), String> {
        let verdicts = self
            .names()
            .map(|name| iam::trust(target, Principal::Aws(&name), action, context));
        let any = |decision| verdicts.iter().any(|verdict| verdict.decision == decision);
        if any(Decision::ExplicitlyDenied) {
            return Err("the trust policy denies it".to_owned());
        }
        if any(Decision::Allowed) {
            return Ok(());
        }
        let nearest = verdicts.iter().find_map(iam::nearest_miss);
        Err(nearest.unwrap_or_else(|| "the trust policy does not allow it".to_owned()))
    }

    /// Within an account, a trust policy that names the role, the session or everyone is sufficient (IAM User Guide,
    /// "Policy evaluation logic"); one that names the account delegates to the account's policies. Permissions that the
    /// session policies omit are granted only by a trust policy that names the session.
    fn is_named_by(&self, target: &Role, is_narrowed: bool) -> bool {
        let [session, role] = self.names();
        let names_it =
            |arn: &String| *arn == session || (!is_narrowed && (arn == "*" || *arn == role));
        self.role.arn.account() == target.arn.account() && target.trusted_arns.iter().any(names_it)
    }

    /// Returns the session's ARN, and that of the role with its path, which the session's ARN lacks.
    fn names(&self) -> [String; 2] {
        [
            self.session.principal().to_string(),
            self.role.arn.to_string(),
        ]
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
