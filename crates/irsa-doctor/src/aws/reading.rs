//! Whether AWS can be asked, and what is said where it can't.

use irsa_aws::{ReadError, ReadErrorKind};
use irsa_chain::Link;
use serde_json::json;

use super::state::Aws;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const CREDENTIALS: Check = Check {
    id: "aws-credentials",
    place: Place::Aws,
    link: Link::OidcProvider,
    question: "Can the role's account be read?",
    description: "Asks `sts:GetCallerIdentity` whose the credentials are that read everything else: those of a profile, \
               or of the environment, not the pod's. Roles and providers can be read in their own account only.",
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
                "the account `{}` is read as `{}`",
                caller.account, caller.arn
            )),
            Some(role) => CheckOutcome::unsure(format!(
                "`{}` is of the account `{}`, and the role `{role}` of `{}`",
                caller.arn,
                caller.account,
                role.account()
            ))
            .remedy(format!(
                "read with credentials of the account `{}`: `--aws-profile NAME`",
                role.account()
            )),
        };
        aws.facts.caller = Some(caller);
        seen
    })
}

/// What could not be read, and what would have to be allowed.
pub(super) fn unread(aws: &Aws, error: &ReadError) -> CheckOutcome {
    let seen = CheckOutcome::unsure(error.to_string());
    if error.kind != ReadErrorKind::Denied {
        return seen;
    }
    let caller = aws.facts.caller.as_ref();
    let caller = caller.map_or("the caller", |caller| caller.arn.as_str());
    let statement = json!({"Effect": "Allow", "Action": error.action, "Resource": "*"});
    seen.remedy(format!(
        "allow `{}` to `{caller}`: `{statement}`",
        error.action
    ))
}
