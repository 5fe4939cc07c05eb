//! Answers that stand for several causes, and the checks from other places that tell those apart.
//!
//! AWS says `Not authorized`, PostgreSQL `PAM authentication failed`, and a pod's environment is empty, for a dozen
//! causes each. Where another place knows which one it is, that is the break, and the answer follows from it; where the
//! other place finds all well, what is left is what nobody can read from there.

use crate::{Finding, Verdict};

/// A check whose answer does not say why.
struct Vague {
    check: &'static str,
    /// The checks of other places that do.
    told_by: &'static [&'static str],
    /// What to do where all of them hold.
    left: &'static str,
}

/// Service and resource control policies, and IAM's eventual consistency ("Troubleshoot IAM", "Changes that I make are
/// not always immediately visible", in the IAM user guide).
macro_rules! but_for_organizations {
    ($what:literal) => {
        concat!(
            $what,
            ": what is left is a policy of the organization, which its management account lists with `aws organizations \
             list-policies-for-target --target-id ACCOUNT --filter SERVICE_CONTROL_POLICY` (and RESOURCE_CONTROL_POLICY), \
             for the account and each unit above it; or something that was changed a moment ago, which IAM takes seconds \
             to know everywhere: look again"
        )
    };
}

const ALL: &[Vague] = &[
    Vague {
        check: "identity-given",
        told_by: &[
            "account-exists",
            "pod-account",
            "account-annotation",
            "identity-webhook",
            "webhook-certificate",
            "webhook-selects",
            "container-identity",
        ],
        left: "",
    },
    Vague {
        check: "sts-issuer",
        told_by: &["aws-oidc-provider"],
        left: "",
    },
    Vague {
        check: "sts-audience",
        told_by: &["aws-client-ids"],
        left: "",
    },
    Vague {
        check: "sts-trust",
        told_by: &["aws-role", "aws-trust-policy"],
        left: but_for_organizations!("the role is there, and its trust policy lets this token in"),
    },
    Vague {
        check: "database-connect",
        told_by: &["aws-database", "aws-iam-authentication", "aws-connect"],
        left: but_for_organizations!(
            "IAM authentication is on, and the role's policies allow the login"
        ),
    },
    Vague {
        check: "domain-permission",
        told_by: &["aws-requests"],
        left: but_for_organizations!("the role's policies and the domain's allow it"),
    },
];

/// The checks that say why, where the one of this id can't.
pub(crate) fn told_by(check: &str) -> &'static [&'static str] {
    let vague = ALL.iter().find(|vague| vague.check == check);
    vague.map_or(&[], |vague| vague.told_by)
}

/// Lets each vague answer follow from what tells why, so that the break is named once and where it is.
pub(crate) fn tell_apart(findings: &mut [Finding]) {
    for at in 0..findings.len() {
        let finding = &findings[at];
        let vague = ALL.iter().find(|vague| vague.check == finding.check.id);
        let Some(vague) = vague.filter(|_| finding.verdict == Verdict::Broken) else {
            continue;
        };
        let others = others(findings, finding, vague);
        let broken = others.iter().find(|one| one.verdict == Verdict::Broken);
        if let Some(why) = broken.map(|one| one.check.id) {
            follow(&mut findings[at], why);
        } else if !vague.left.is_empty() && vague.told_by.iter().all(|id| holds(&others, id)) {
            findings[at].remedy = Some(vague.left.to_owned());
        }
    }
}

/// What was found by those that say why, about the same thing.
fn others<'a>(findings: &'a [Finding], of: &Finding, vague: &Vague) -> Vec<&'a Finding> {
    let is_about_it = |one: &&Finding| match (&of.subject, &one.subject) {
        // The pod names a database by user and port as well.
        (Some(label), Some(host)) => label.contains(host.as_str()),
        _ => true,
    };
    let tells = |one: &&Finding| vague.told_by.contains(&one.check.id);
    findings.iter().filter(tells).filter(is_about_it).collect()
}

fn holds(others: &[&Finding], id: &str) -> bool {
    let mut of_check = others.iter().filter(|one| one.check.id == id);
    of_check.any(|one| one.verdict == Verdict::Holds)
}

fn follow(finding: &mut Finding, why: &str) {
    finding.verdict = Verdict::NotReached;
    finding.seen = format!("`{why}` says why: {}", finding.seen);
    finding.cause = None;
    finding.remedy = None;
}
