//! The check of the credentials for reading, and the outcome if something cannot be read.

use irsa_aws::{ReadError, ReadErrorKind};
use irsa_chain::Link;
use serde_json::json;

use super::state::Aws;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const CREDENTIALS: Check = Check {
    id: "aws-credentials",
    place: Place::Aws,
    link: Link::OidcProvider,
    question: "Can the settings of the role's account be read?",
    description: "Calls `sts:GetCallerIdentity` to find out who makes the other calls: the credentials are those of a \
               profile or the environment, not the pod's. Roles and OIDC providers can be read only with credentials of \
               their own account.",
    causes: &[],
    needs: &[],
};

pub(super) fn credentials<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    Box::pin(async {
        let caller = match aws.reader.caller().await {
            Ok(caller) => caller,
            Err(error) => return CheckOutcome::unsure(error.to_string()),
        };
        let role = aws.workload.role.as_ref();
        let seen = match role.filter(|role| role.account() != &caller.account) {
            None => CheckOutcome::holds(format!(
                "reading account `{}` as `{}`",
                caller.account, caller.arn
            )),
            Some(role) => CheckOutcome::unsure(format!(
                "`{}` belongs to account `{}`, but the role `{role}` belongs to `{}`",
                caller.arn,
                caller.account,
                role.account()
            ))
            .remedy(format!(
                "use credentials of account `{}`: `--aws-profile NAME`",
                role.account()
            )),
        };
        aws.facts.caller = Some(caller);
        seen
    })
}

/// The outcome if a call failed, with the policy statement that allows it if AWS denied it.
pub(super) fn unread(aws: &Aws, error: &ReadError) -> CheckOutcome {
    let seen = CheckOutcome::unsure(error.to_string());
    if error.kind != ReadErrorKind::Denied {
        return seen;
    }
    let caller = aws.facts.caller.as_ref();
    let caller = caller.map_or("the caller", |caller| caller.arn.as_str());
    let statement = json!({"Effect": "Allow", "Action": error.action, "Resource": "*"});
    seen.remedy(format!(
        "allow `{caller}` the action `{}`: `{statement}`",
        error.action
    ))
}
