//! Findings that stand for several causes, and the checks from other places that explain them.
//!
//! AWS reports `Not authorized`, PostgreSQL `PAM authentication failed`, and a pod's environment is empty, for a dozen
//! causes each. If a check from another place finds the cause, that check is the break and the ambiguous finding follows
//! from it. If all of those checks hold, the causes that none of them can see remain.

use crate::{Finding, Remedy, Verdict};

/// A check whose finding does not name its cause.
struct AmbiguousCheck {
    check: &'static str,
    /// The checks from other places that can.
    explained_by: &'static [&'static str],
    /// What to do if all of them hold.
    otherwise: &'static str,
}

/// Service and resource control policies, and IAM's eventual consistency ("Troubleshoot IAM", "Changes that I make are
/// not always immediately visible", in the IAM user guide).
macro_rules! unless_by_organization {
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

const ALL: &[AmbiguousCheck] = &[
    AmbiguousCheck {
        check: "identity-given",
        explained_by: &[
            "account-exists",
            "pod-account",
            "account-annotation",
            "identity-webhook",
            "webhook-certificate",
            "webhook-selects",
            "container-identity",
        ],
        otherwise: "",
    },
    AmbiguousCheck {
        check: "sts-issuer",
        explained_by: &["aws-oidc-provider"],
        otherwise: "",
    },
    AmbiguousCheck {
        check: "sts-audience",
        explained_by: &["aws-client-ids"],
        otherwise: "",
    },
    AmbiguousCheck {
        check: "sts-trust",
        explained_by: &["aws-role", "aws-trust-policy"],
        otherwise: unless_by_organization!(
            "the role is there, and its trust policy lets this token in"
        ),
    },
    AmbiguousCheck {
        check: "database-connect",
        explained_by: &["aws-database", "aws-iam-authentication", "aws-connect"],
        otherwise: unless_by_organization!(
            "IAM authentication is on, and the role's policies allow the login"
        ),
    },
    AmbiguousCheck {
        check: "domain-permission",
        explained_by: &["aws-requests"],
        otherwise: unless_by_organization!("the role's policies and the domain's allow it"),
    },
];

/// The ids of the checks that explain the findings of this one; empty if it names its causes itself.
pub(crate) fn explained_by(check: &str) -> &'static [&'static str] {
    ambiguous(check).map_or(&[], |ambiguous| ambiguous.explained_by)
}

/// Lets each ambiguous finding follow from the one that explains it, so that the break is reported once, at its cause.
pub(crate) fn correlate(findings: &mut [Finding]) {
    for at in 0..findings.len() {
        let finding = &findings[at];
        let ambiguous = ambiguous(finding.check.id);
        let Some(ambiguous) = ambiguous.filter(|_| finding.verdict == Verdict::Broken) else {
            continue;
        };
        let explaining = explaining(findings, finding, ambiguous);
        let mut broken = explaining
            .iter()
            .filter(|one| one.verdict == Verdict::Broken);
        let mut ids = ambiguous.explained_by.iter();
        if let Some(why) = broken.next().map(|one| one.check.id) {
            follow(&mut findings[at], why);
        } else if !ambiguous.otherwise.is_empty() && ids.all(|id| holds(&explaining, id)) {
            findings[at].remedy = Some(Remedy::from(ambiguous.otherwise));
        }
    }
}

fn ambiguous(check: &str) -> Option<&'static AmbiguousCheck> {
    ALL.iter().find(|ambiguous| ambiguous.check == check)
}

/// The findings of the explaining checks about the same subject.
fn explaining<'a>(
    findings: &'a [Finding],
    finding: &Finding,
    ambiguous: &AmbiguousCheck,
) -> Vec<&'a Finding> {
    let is_about_it = |one: &&Finding| match (&finding.subject, &one.subject) {
        // The pod names a database by user and port as well.
        (Some(label), Some(host)) => label.contains(host.as_str()),
        _ => true,
    };
    let explains = |one: &&Finding| ambiguous.explained_by.contains(&one.check.id);
    findings
        .iter()
        .filter(explains)
        .filter(is_about_it)
        .collect()
}

fn holds(explaining: &[&Finding], id: &str) -> bool {
    let mut with_id = explaining.iter().filter(|one| one.check.id == id);
    with_id.any(|one| one.verdict == Verdict::Holds)
}

fn follow(finding: &mut Finding, why: &str) {
    finding.verdict = Verdict::NotReached;
    finding.seen = format!("`{why}` says why: {}", finding.seen);
    finding.cause = None;
    finding.remedy = None;
}
