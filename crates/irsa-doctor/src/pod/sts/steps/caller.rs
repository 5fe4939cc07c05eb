//! What came of the exchange: credentials, and whose they are.

use irsa_chain::{Cause, RoleArn};

use crate::CheckOutcome;
use crate::pod::outcome::{cancelled, from_error};
use crate::pod::state::Pod;
use crate::pod::sts::probe::is_session_of;
use crate::pod::text::{clean, moment, quoted, seconds};

pub(super) async fn session(pod: &mut Pod) -> CheckOutcome {
    match pod.session().await {
        Some(Ok(credentials)) => CheckOutcome::holds(match credentials.expires_at() {
            Some(end) => format!("credentials expire at {}", moment(seconds(end))),
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
                "it cannot be asked: {}",
                clean(&error.to_string())
            ))
        }
        Err(error) => from_error(&error),
        Ok(caller) => match expected(pod) {
            Some(role) if !is_session_of(&caller.arn, &role) => CheckOutcome::broken(
                Cause::CallerDiffers,
                format!("AWS sees {}, and the role is `{role}`", quoted(&caller.arn)),
            ),
            _ => CheckOutcome::holds(quoted(&caller.arn)),
        },
    }
}

/// The role that the identity ends in.
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

/// The data stores with a role of their own.
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
                "leave out `role=` of this upstream: the workload has the role `{}` already, and a role may assume itself \
                 only if its own trust policy allows it",
                step.role
            ))
        }
        Err(error) => from_error(&error),
    }
}
