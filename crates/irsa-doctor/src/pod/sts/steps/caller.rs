//! The checks of the credentials, and of the role that they belong to.

use irsa_chain::timestamp::rfc3339;
use irsa_chain::{Cause, RoleArn};

use crate::CheckOutcome;
use crate::pod::outcome::{cancelled, from_error};
use crate::pod::state::Pod;
use crate::pod::sts::probe::is_session_of;
use crate::pod::text::{clean, quoted};

pub(super) async fn session(pod: &mut Pod) -> CheckOutcome {
    match pod.session().await {
        Some(Ok(credentials)) => CheckOutcome::holds(match credentials.expires_at() {
            Some(end) => format!("credentials expire at {}", rfc3339(end)),
            None => "credentials do not expire".to_owned(),
        }),
        Some(Err(error)) => from_error(&error),
        None => cancelled(),
    }
}

pub(super) async fn caller(pod: &mut Pod) -> CheckOutcome {
    let (Some(Ok(credentials)), Ok(inspection)) = (pod.session().await, &pod.inspection) else {
        return cancelled();
    };
    match inspection.caller(&credentials).await {
        Err(error) if error.cause() == Some(Cause::StsUnreachable) && !pod.is_web_identity() => {
            CheckOutcome::not_applicable(format!(
                "STS is unreachable: {}",
                clean(&error.to_string())
            ))
        }
        Err(error) => from_error(&error),
        Ok(caller) => match expected(pod) {
            Some(role) if !is_session_of(&caller.arn, &role) => CheckOutcome::broken(
                Cause::CallerDiffers,
                format!(
                    "GetCallerIdentity returns {}, but the requested role is `{role}`",
                    quoted(&caller.arn)
                ),
            ),
            _ => CheckOutcome::holds(quoted(&caller.arn)),
        },
    }
}

/// The role that the credentials should belong to.
fn expected(pod: &Pod) -> Option<RoleArn> {
    let last = pod.options.identity.role_chain.last();
    let own = pod
        .source
        .as_ref()
        .ok()
        .and_then(|source| source.role_arn());
    let known = pod.options.role.as_ref().or(last.map(|step| &step.role));
    known.or(own).cloned()
}

/// The labels of the data stores that have their own role.
pub(super) fn chained(pod: &Pod) -> Vec<String> {
    let steps = pod.role_steps().filter(|(_, step)| step.is_some());
    steps.map(|(label, _)| label).collect()
}

pub(super) async fn role_chain(pod: &mut Pod, subject: &str) -> CheckOutcome {
    let step = pod.role_steps().find(|(label, _)| label == subject);
    let Some(step) = step.and_then(|(_, step)| step.clone()) else {
        return cancelled();
    };
    let (Some(Ok(credentials)), Ok(inspection)) = (pod.session().await, &pod.inspection) else {
        return cancelled();
    };
    match inspection.assume(&credentials, &step).await {
        Ok(session) => {
            pod.chained.insert(subject.to_owned(), session);
            CheckOutcome::holds(format!("`{}`", step.role))
        }
        Err(error)
            if error.cause() == Some(Cause::ChainedRoleDenied)
                && pod.workload.role.as_ref() == Some(&step.role) =>
        {
            from_error(&error).remedy(format!(
                "leave out `role=` of this upstream: the workload already has the role `{}`, and a role can assume itself \
                 only if its trust policy allows that",
                step.role
            ))
        }
        Err(error) => from_error(&error),
    }
}
