//! `rds-db:connect` on `dbuser:RESOURCE/USER`: may this role session log in as this user?

use std::time::SystemTime;

use irsa_chain::{Cause, DbUserArn};
use irsa_policy::{Decision, Mismatch, Verdict};

use super::{Principal, RdsLogin, Refusal, log};
use crate::iam;
use crate::sessions::Session;
use crate::world::World;

/// Asks the policies of the session's role. Another account's session may never connect.
pub(super) fn authorize(
    session: &Session,
    login: &RdsLogin<'_>,
    now: SystemTime,
    world: &World,
) -> Result<Principal, Refusal> {
    let arn = session.principal();
    let refusal = |cause| Refusal {
        cause,
        server_log_text: log::not_authorized(login.user, &arn),
    };
    let role = world
        .role(&session.spec.role)
        .ok_or_else(|| refusal(Cause::RoleUnknown))?;
    if role.arn.account() != login.account {
        return Err(refusal(Cause::ConnectNotAllowed));
    }
    let resource = DbUserArn::new(login.region, login.account, login.resource_id, login.user);
    let verdict = iam::may(session, role, "rds-db:connect", resource.as_str(), now);
    match verdict.decision {
        Decision::Allowed => Ok(Principal {
            session: arn,
            role: role.arn.clone(),
            user: login.user.to_owned(),
        }),
        Decision::ExplicitlyDenied => Err(refusal(Cause::ConnectDenied)),
        Decision::ImplicitlyDenied => Err(refusal(nearest_cause(&verdict, resource.as_str()))),
    }
}

/// What kept the nearest statement from allowing it.
fn nearest_cause(verdict: &Verdict, resource: &str) -> Cause {
    let Some(nearest) = verdict.near_misses.first() else {
        return Cause::ConnectNotAllowed;
    };
    match nearest.kept_by.as_slice() {
        [Mismatch::Resource { expected, .. }] => resource_cause(expected, resource),
        _ => Cause::ConnectNotAllowed,
    }
}

/// Another resource id (a cluster's name, say), or another user of the right cluster.
fn resource_cause(expected: &[String], resource: &str) -> Cause {
    let right_cluster = |pattern: &String| cluster_part(pattern) == cluster_part(resource);
    let names_users = expected.iter().any(|pattern| pattern.contains(":dbuser:"));
    match (names_users, expected.iter().any(right_cluster)) {
        (_, true) => Cause::DbUserMismatch,
        (true, false) => Cause::ResourceIdMismatch,
        (false, false) => Cause::ConnectNotAllowed,
    }
}

/// `arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE` without the user.
fn cluster_part(arn: &str) -> &str {
    arn.split_once('/').map_or(arn, |(cluster, _)| cluster)
}
