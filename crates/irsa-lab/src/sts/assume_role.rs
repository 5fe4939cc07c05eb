//! `AssumeRole`: a session of a role for the session of another, perhaps in another account.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use irsa_chain::Cause;
use irsa_policy::{Decision, Principal};

use super::Sts;
use super::error::StsError;
use super::issue::{assumed_role_user, credentials};
use super::parameters::Parameters;
use super::validate::Assume;
use super::xml::Element;
use crate::iam;
use crate::sessions::{Origin, Session};
use crate::world::Role;

/// Sessions of chained roles live at most this long, in seconds.
const CHAINED_LIMIT: u64 = 3_600;
/// What the lab would have to ignore.
const NOT_EVALUATED: [&str; 4] = [
    "Tags",
    "TransitiveTagKeys",
    "SourceIdentity",
    "SerialNumber",
];

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
        if let Some(name) = parameters.first_given(&NOT_EVALUATED) {
            return Err(StsError::not_in_the_lab(&format!("`{name}`")));
        }
        let target = self.role_for(&caller, &assume, parameters.get("ExternalId"))?;
        if assume.seconds > CHAINED_LIMIT {
            let message = "The requested DurationSeconds exceeds the 1 hour session limit for \
                           roles assumed by role chaining.";
            return Err(StsError::validation(message, Cause::DurationExceedsMaximum));
        }
        let session = self.issue(target, assume, Origin::Chained, now)?;
        Ok(vec![
            assumed_role_user(&session, target),
            credentials(&session),
        ])
    }

    /// The role, if both its trust policy and the caller's own policies allow the step.
    fn role_for(
        &self,
        caller: &Caller<'_>,
        assume: &Assume,
        external_id: Option<&str>,
    ) -> Result<&Role, StsError> {
        let target = self.world.role(&assume.role);
        let target = target.ok_or_else(|| {
            caller
                .denied("sts:AssumeRole", assume)
                .because("there is no such role")
        })?;
        // Tags of a Pod Identity session are transitive: the next role must allow them as well.
        let actions: &[&str] = if caller.session.spec.tags.is_empty() {
            &["sts:AssumeRole"]
        } else {
            &["sts:AssumeRole", "sts:TagSession"]
        };
        for action in actions {
            if let Err(why) = caller.may_step(action, target, assume, external_id) {
                return Err(caller.denied(action, assume).because(why));
            }
        }
        Ok(target)
    }
}

/// The session that asks for another role.
struct Caller<'a> {
    session: &'a Session,
    role: &'a Role,
    now: SystemTime,
}

impl Caller<'_> {
    fn may_step(
        &self,
        action: &str,
        target: &Role,
        assume: &Assume,
        external_id: Option<&str>,
    ) -> Result<(), String> {
        self.is_trusted(action, target, assume, external_id)?;
        let verdict = iam::may(
            self.session,
            self.role,
            action,
            target.arn.as_str(),
            self.now,
        );
        match verdict.decision {
            Decision::ExplicitlyDenied => Err("the caller's policies deny it".to_owned()),
            Decision::ImplicitlyDenied if !self.is_named_by(target) => {
                Err("the caller's policies do not allow it".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// A trust policy may name the session, its role, or its account.
    fn is_trusted(
        &self,
        action: &str,
        target: &Role,
        assume: &Assume,
        external_id: Option<&str>,
    ) -> Result<(), String> {
        let mut context = iam::session_context(self.session, self.role, self.now)
            .with("sts:RoleSessionName", assume.session_name.to_string());
        context.insert("sts:ExternalId", external_id.map(str::to_owned));
        let verdicts = self
            .names()
            .map(|name| iam::trust(target, Principal::Aws(&name), action, &context));
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

    /// Within an account, a trust policy that names the role, the session or everybody is enough
    /// (IAM User Guide, "Policy evaluation logic"); one that names the account leaves the choice to
    /// the account's policies.
    fn is_named_by(&self, target: &Role) -> bool {
        let names = self.names();
        let names_it = |arn: &String| arn == "*" || names.contains(arn);
        self.role.arn.account() == target.arn.account() && target.trusted_arns.iter().any(names_it)
    }

    /// The session, and the role with its path, which the session's ARN lacks.
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
