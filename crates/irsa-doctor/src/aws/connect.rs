//! Whether the role may log in to a database.

use irsa_aws::DatabaseSettings;
use irsa_chain::endpoint::RdsEndpoint;
use irsa_chain::{AccountId, Cause, DbUserArn, Link, Region};
use irsa_explain::{Question, connect_cause};
use serde_json::json;

use super::authorization::{BUT_FOR_ORGANIZATIONS, Denial, Ruling, Wanted, ruling};
use super::database;
use super::session::{self, Asker, POLICIES, context, documents, principal};
use super::state::Aws;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const ALLOWED: Check = Check {
    id: "aws-connect",
    place: Place::Aws,
    link: Link::Permissions,
    question: "Do the role's policies allow the login?",
    description: "Decides, as IAM would, whether a session of the role may do `rds-db:connect` on the database's resource \
               ID and the user, by the role's policies and its permissions boundary. IAM database authentication \
               fills none of the condition keys about the network.",
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
        match session::asker(aws, own).await {
            Ok(asker) => decided(aws, host, &asker).unwrap_or_else(CheckOutcome::unsure),
            Err(seen) => seen,
        }
    })
}

fn decided(aws: &Aws, host: &str, asker: &Asker) -> Result<CheckOutcome, &'static str> {
    let found = aws
        .facts
        .databases
        .get(host)
        .ok_or("the database was not read")?;
    let user = aws
        .database(host)
        .and_then(|database| database.user.as_deref());
    let user = user.ok_or("the database user is not known: give `--user`")?;
    let arn =
        user_arn(found, host, user).ok_or("the database's ARN tells no region and account")?;
    let question = Question {
        principal: principal(&asker.role.arn),
        action: ACTION.to_owned(),
        resource: Some(arn.to_string()),
        context: context(aws, &asker.role, ACTION, arn.as_str()),
        policies: documents(&asker.permissions, None),
        ..Question::default()
    };
    Ok(match ruling(&question) {
        Ruling::Allowed(by) => CheckOutcome::holds(format!(
            "{by} allows `{ACTION}` on `{arn}`; {BUT_FOR_ORGANIZATIONS}"
        )),
        Ruling::Denied(denial) => denied(asker, &denial, &arn),
        Ruling::Doubtful(why) | Ruling::Unreadable(why) => CheckOutcome::unsure(why),
    })
}

fn user_arn(found: &DatabaseSettings, host: &str, user: &str) -> Option<DbUserArn> {
    let of_host = || host.parse::<RdsEndpoint>().ok()?.region().cloned();
    let region: Region = found.arn.region().parse().ok().or_else(of_host)?;
    let account: AccountId = found.arn.account().parse().ok()?;
    Some(DbUserArn::new(&region, &account, &found.resource_id, user))
}

fn denied(asker: &Asker, denial: &Denial, arn: &DbUserArn) -> CheckOutcome {
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
    let remedy = wanted.remedy(asker, denial, cause);
    let seen = format!("`{ACTION}` on `{arn}` is not allowed: {}", denial.seen);
    CheckOutcome::broken(cause, seen).remedy(remedy)
}
