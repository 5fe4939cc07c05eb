//! Authorization: `rds-db:connect` on `dbuser:RESOURCE/USER` for a role session.

use std::time::SystemTime;

use irsa_chain::{Cause, DbUserArn};
use irsa_explain::connect_cause;
use irsa_policy::Decision;

use super::{Principal, RdsLogin, Refusal, log};
use crate::iam;
use crate::sessions::Session;
use crate::world::World;

/// Evaluates the policies of the session's role. Sessions of other accounts can never connect.
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
    let access = ("rds-db:connect", resource.as_str());
    let question = iam::session_question(session, role, world, access, now);
    let outcome = iam::decide(&question, iam::session_policies(session, role));
    match outcome.decision {
        Decision::Allowed => Ok(Principal {
            session: arn,
            role: role.arn.clone(),
            user: login.user.to_owned(),
        }),
        _ => Err(refusal(connect_cause(&outcome))),
    }
}
