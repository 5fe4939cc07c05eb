//! The role itself.

use std::time::Duration;

use irsa_aws::{ReadErrorKind, Role};
use irsa_chain::{Cause, Link, RoleArn, ServiceAccount};

use super::reading::{CREDENTIALS, unread};
use super::state::Aws;
use crate::remedy::shell_word;
use crate::{Check, CheckOutcome, Commands, Place, Work};

pub(super) const EXISTS: Check = Check {
    id: "aws-role",
    place: Place::Aws,
    link: Link::TrustPolicy,
    question: "Does a role with exactly this ARN exist?",
    description: "Reads the role by its name (`iam:GetRole`) and compares its ARN, including the path, with the one that \
               the pod requests.",
    causes: &[Cause::RoleUnknown],
    needs: &[CREDENTIALS.id],
};

pub(super) const SESSION: Check = Check {
    id: "aws-session-duration",
    place: Place::Aws,
    link: Link::StsSession,
    question: "Does the role allow the requested session duration?",
    description: "Compares the role's maximum session duration with the one that the workload requests (one hour by \
               default).",
    causes: &[Cause::DurationExceedsMaximum],
    needs: &[EXISTS.id],
};

/// The upper limit of `MaxSessionDuration` in the IAM API reference, in seconds.
const LONGEST_SESSION: u64 = 43_200;

pub(super) fn exists<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    Box::pin(async {
        let Some(asked) = aws.workload.role.clone() else {
            return CheckOutcome::unsure(
                "the role is unknown: check from the pod or the cluster too, or set `--workload-role`",
            );
        };
        match aws.reader.role(&asked).await {
            Ok(role) => {
                let seen = same_arn(&role, &asked, aws.workload.service_account.as_ref());
                aws.facts.role = Some(role);
                seen
            }
            Err(error) if error.kind == ReadErrorKind::Absent => absent(&asked),
            Err(error) => unread(aws, &error),
        }
    })
}

fn absent(asked: &RoleArn) -> CheckOutcome {
    let seen = format!(
        "account `{}` has no role `{}`",
        asked.account(),
        asked.name()
    );
    CheckOutcome::broken(Cause::RoleUnknown, seen).remedy(format!(
        "create the role `{}`, or set the annotation eks.amazonaws.com/role-arn to the ARN of the intended role (`aws iam \
         list-roles --query 'Roles[].Arn'` lists them) and delete the pod",
        asked.name()
    ))
}

/// Compares the ARNs. Role names are unique in an account regardless of path and case, so the path may differ.
fn same_arn(role: &Role, asked: &RoleArn, account: Option<&ServiceAccount>) -> CheckOutcome {
    let Role { arn, .. } = role;
    if arn == asked {
        return CheckOutcome::holds(format!("`{arn}` exists ({})", role.id));
    }
    let seen = format!("the role's ARN is `{arn}`, but the pod requests `{asked}`");
    let seen = CheckOutcome::broken(Cause::RoleUnknown, seen);
    let Some(account) = account else {
        return seen.remedy(format!(
            "set the service account's annotation `eks.amazonaws.com/role-arn: {arn}` and delete its pods"
        ));
    };
    let command = format!(
        "kubectl -n {} annotate --overwrite serviceaccount {} eks.amazonaws.com/role-arn={}",
        account.namespace(),
        account.name(),
        shell_word(arn.as_str())
    );
    let note = "then delete its pods, because they keep the ARN that they were created with";
    seen.remedy(Commands::new([command]).with_note(note))
}

pub(super) fn session<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    let seen = match &aws.facts.role {
        Some(role) => allows_duration(role, aws.session),
        None => CheckOutcome::unsure("the role was not read"),
    };
    Box::pin(std::future::ready(seen))
}

fn allows_duration(role: &Role, asked: Duration) -> CheckOutcome {
    let (most, asked) = (role.max_session.as_secs(), asked.as_secs());
    if asked <= most {
        return CheckOutcome::holds(format!("requested duration {asked} s, limit {most} s"));
    }
    let seen = format!("requested duration {asked} s exceeds the limit of {most} s");
    let seen = CheckOutcome::broken(Cause::DurationExceedsMaximum, seen);
    if asked > LONGEST_SESSION {
        return seen.remedy(format!(
            "request at most {most} s; the highest limit that IAM allows is {LONGEST_SESSION} s"
        ));
    }
    let command = format!(
        "aws iam update-role --role-name {} --max-session-duration {asked}",
        role.arn.name()
    );
    seen.remedy(Commands::new([command]).with_note(format!("or request at most {most} s")))
}
