//! The decision on `rds-db:connect` for a database.

use irsa_aws::DatabaseSettings;
use irsa_chain::endpoint::RdsEndpoint;
use irsa_chain::{AccountId, Cause, DbUserArn, Link, Region};
use irsa_explain::{Question, connect_cause};
use serde_json::json;

use super::authorization::{Denial, ORGANIZATION_CAVEAT, Ruling, ruling};
use super::database;
use super::grant::Wanted;
use super::session::{self, POLICIES, SessionRole, context, documents, principal};
use super::state::Aws;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const ALLOWED: Check = Check {
    id: "aws-connect",
    place: Place::Aws,
    link: Link::Permissions,
    question: "Do the role's policies allow the login?",
    description: "Evaluates the role's policies and its permissions boundary as IAM does: is a session of the role allowed \
               `rds-db:connect` on the database's resource ID and the user? IAM database authentication sets no condition \
               keys about the network.",
    causes: &[
        Cause::ConnectNotAllowed,
        Cause::ConnectDenied,
        Cause::ResourceIdMismatch,
        Cause::DbUserMismatch,
        Cause::BoundaryNotAllowing,
        Cause::ConditionNeverMet,
    ],
    needs: &[POLICIES.id, database::EXISTS.id],
};

const ACTION: &str = "rds-db:connect";

pub(super) fn allowed<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    Box::pin(async move {
        let own = aws
            .database(host)
            .and_then(|database| database.role.as_ref());
        match session::session_role(aws, own).await {
            Ok(caller) => decided(aws, host, &caller).unwrap_or_else(CheckOutcome::unsure),
            Err(seen) => seen,
        }
    })
}

fn decided(aws: &Aws, host: &str, caller: &SessionRole) -> Result<CheckOutcome, &'static str> {
    let found = aws
        .facts
        .databases
        .get(host)
        .ok_or("the database was not read")?;
    let user = aws
        .database(host)
        .and_then(|database| database.user.as_deref());
    let user = user.ok_or("the database user is unknown: set `--user`")?;
    let arn = user_arn(found, host, user)
        .ok_or("the database's ARN contains no valid region and account")?;
    let question = Question {
        principal: principal(&caller.role.arn),
        action: ACTION.to_owned(),
        resource: Some(arn.to_string()),
        context: context(aws, &caller.role, ACTION, arn.as_str()),
        policies: documents(&caller.permissions, None),
        ..Question::default()
    };
    Ok(match ruling(&question) {
        Ruling::Allowed(by) => CheckOutcome::holds(format!(
            "{by} allows `{ACTION}` on `{arn}`; {ORGANIZATION_CAVEAT}"
        )),
        Ruling::Denied(denial) => denied(caller, &denial, &arn),
        Ruling::Doubtful(why) | Ruling::Unreadable(why) => CheckOutcome::unsure(why),
    })
}

fn user_arn(found: &DatabaseSettings, host: &str, user: &str) -> Option<DbUserArn> {
    let host_region = || host.parse::<RdsEndpoint>().ok()?.region().cloned();
    let region: Region = found.arn.region().parse().ok().or_else(host_region)?;
    let account: AccountId = found.arn.account().parse().ok()?;
    Some(DbUserArn::new(&region, &account, &found.resource_id, user))
}

fn denied(caller: &SessionRole, denial: &Denial, arn: &DbUserArn) -> CheckOutcome {
    let cause = denial.cause(Cause::ConnectDenied, |denial| {
        connect_cause(&denial.outcome)
    });
    let statement = json!({"Effect": "Allow", "Action": ACTION, "Resource": arn.as_str()});
    let wanted = Wanted {
        policy: &["rds-connect", arn.resource_id().as_str(), arn.user()],
        statement: &statement,
        resource: arn.as_str(),
        not_allowed: Cause::ConnectNotAllowed,
    };
    let remedy = wanted.remedy(caller, denial, cause);
    let seen = format!("`{ACTION}` on `{arn}` is not allowed: {}", denial.seen);
    CheckOutcome::broken(cause, seen).remedy(remedy)
}
