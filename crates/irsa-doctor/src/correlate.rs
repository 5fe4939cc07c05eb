//! Attributes ambiguous findings to the checks from other places that explain them.
//!
//! `Not authorized` from AWS, `PAM authentication failed` from PostgreSQL, and an empty environment in the pod each have a
//! dozen possible causes. If a check from a different place finds the cause, that check is the break, and the ambiguous
//! finding follows from it. If all of those checks hold, only the causes that none of them can see remain.

use crate::{Finding, Remedy, Verdict};

/// A check whose finding does not identify the cause.
struct AmbiguousCheck {
    check: &'static str,
    /// The checks from other places that can identify it.
    explained_by: &'static [&'static str],
    /// The remedy if all of them hold.
    otherwise: &'static str,
}

/// The remaining causes: service and resource control policies, and IAM's eventual consistency ("Changes that I make are
/// not always immediately visible", in "Troubleshoot IAM" of the IAM user guide).
macro_rules! unless_by_organization {
    ($what:literal) => {
        concat!(
            $what,
            ". Two causes remain: 1. a change made in the last minute, which IAM has not propagated yet: check again; 2. a \
             policy of the organization: in its management account, run `aws organizations list-policies-for-target \
             --target-id ACCOUNT --filter SERVICE_CONTROL_POLICY` (and RESOURCE_CONTROL_POLICY) for the account and each \
             organizational unit above it"
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
            "specified-identity",
            "aws-association",
            "identity-webhook",
            "webhook-certificate",
            "webhook-selects",
            "container-identity",
        ],
        otherwise: "",
    },
    AmbiguousCheck {
        check: "container-identity",
        explained_by: &["aws-association"],
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
            "the role exists, and its trust policy admits this token"
        ),
    },
    AmbiguousCheck {
        check: "database-connect",
        explained_by: &["aws-database", "aws-iam-authentication", "aws-connect"],
        otherwise: unless_by_organization!(
            "IAM authentication is enabled, and the role's policies allow the login"
        ),
    },
    AmbiguousCheck {
        check: "domain-permission",
        explained_by: &["aws-requests"],
        otherwise: unless_by_organization!("the role's policies and the domain's policy allow it"),
    },
];

/// The ids of the checks that explain the findings of this one; empty if it identifies its causes itself.
pub(crate) fn explained_by(check: &str) -> &'static [&'static str] {
    ambiguous(check).map_or(&[], |ambiguous| ambiguous.explained_by)
}

/// Attributes each ambiguous finding to the one that explains it, so that the break is reported once, at its cause.
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
        // The pod's checks label a database with user and port too.
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
    finding.seen = format!("explained by `{why}`: {}", finding.seen);
    finding.cause = None;
    finding.remedy = None;
}
