//! The role itself.

use std::time::Duration;

use irsa_aws::{ReadErrorKind, Role};
use irsa_chain::{Cause, Link, RoleArn};

use super::reading::{CREDENTIALS, unread};
use super::state::Aws;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const EXISTS: Check = Check {
    id: "aws-role",
    place: Place::Aws,
    link: Link::TrustPolicy,
    question: "Does the role exist, under this very ARN?",
    description: "Reads the role by its name (`iam:GetRole`) and compares its ARN, path included, with the one that the \
               pod asks for.",
    causes: &[Cause::RoleUnknown],
    needs: &[CREDENTIALS.id],
};

pub(super) const SESSION: Check = Check {
    id: "aws-session-duration",
    place: Place::Aws,
    link: Link::StsSession,
    question: "May a session of the role last as long as is asked for?",
    description: "Compares the role's maximum session duration with what the workload asks for: an hour, unless it is \
               told otherwise.",
    causes: &[Cause::DurationExceedsMaximum],
    needs: &[EXISTS.id],
};

pub(super) fn exists<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    Box::pin(async {
        let Some(asked) = aws.workload.role.clone() else {
            return CheckOutcome::unsure(
                "the role is not known here: look from the pod or the cluster as well, or give `--workload-role`",
            );
        };
        match aws.reader.role(&asked).await {
            Ok(role) => {
                let seen = same_arn(&role, &asked);
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
        "the account `{}` has no role `{}`",
        asked.account(),
        asked.name()
    );
    CheckOutcome::broken(Cause::RoleUnknown, seen).remedy(format!(
        "create the role `{}`, or put the ARN of the one that is meant into the annotation \
         eks.amazonaws.com/role-arn and delete the pod: `aws iam list-roles --query 'Roles[].Arn'`",
        asked.name()
    ))
}

/// Names are unique in an account, whatever their paths, and compared without regard to case when a role is made.
fn same_arn(role: &Role, asked: &RoleArn) -> CheckOutcome {
    let Role { arn, .. } = role;
    if arn == asked {
        return CheckOutcome::holds(format!("`{arn}` exists ({})", role.id));
    }
    let seen = format!("the role's ARN is `{arn}`, the pod asks for `{asked}`");
    CheckOutcome::broken(Cause::RoleUnknown, seen).remedy(format!(
        "put the ARN as it is into the annotation, `eks.amazonaws.com/role-arn: {arn}`, and delete the pod"
    ))
}

pub(super) fn session<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    let seen = match &aws.facts.role {
        Some(role) => lasts(role, aws.session),
        None => CheckOutcome::unsure("the role was not read"),
    };
    Box::pin(std::future::ready(seen))
}

fn lasts(role: &Role, asked: Duration) -> CheckOutcome {
    let (most, asked) = (role.max_session.as_secs(), asked.as_secs());
    if asked <= most {
        return CheckOutcome::holds(format!(
            "{asked} s are asked for, at most {most} s are given"
        ));
    }
    let seen = format!("{asked} s are asked for, the role allows {most} s");
    CheckOutcome::broken(Cause::DurationExceedsMaximum, seen).remedy(format!(
        "run `aws iam update-role --role-name {} --max-session-duration {asked}` (at most 43200), or ask for {most} s",
        role.arn.name()
    ))
}
