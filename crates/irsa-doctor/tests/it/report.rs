//! Reports with findings from several places.

use std::time::Duration;

use irsa_chain::{Cause, Link};
use irsa_doctor::{CheckOutcome, Finding, Report, Verdict, Workload, docs};

fn finding(check: &str, subject: Option<&str>, seen: CheckOutcome) -> Finding {
    let check = docs::checks().find(|one| one.id == check).unwrap();
    Finding::new(check, subject.map(str::to_owned), seen, Duration::ZERO)
}

fn report(findings: Vec<Finding>) -> Report {
    Report::new(Workload::default(), findings)
}

const LABEL: &str = "app@orders.example:5432/orders";
const HOST: &str = "orders.example";

fn refused_login() -> Finding {
    let seen = CheckOutcome::broken(Cause::IamLoginRefused, "PAM authentication failed");
    finding("database-connect", Some(LABEL), seen)
}

#[test]
fn the_break_is_the_check_that_explains_it() {
    let off = CheckOutcome::broken(Cause::IamAuthenticationOff, "it is off");
    let report = report(vec![
        refused_login(),
        finding("aws-iam-authentication", Some(HOST), off),
    ]);
    let broken = report.first_broken().unwrap();
    assert_eq!(broken.check.id, "aws-iam-authentication");
    assert_eq!(
        report.verdict_for(Link::Permissions),
        Some(Verdict::NotReached)
    );
    let login = &report.findings[0];
    assert!(
        login.seen.contains("PAM authentication failed"),
        "{login:?}"
    );
    assert!(login.seen.contains("aws-iam-authentication"), "{login:?}");
}

#[test]
fn a_break_of_a_different_database_explains_nothing() {
    let off = CheckOutcome::broken(Cause::IamAuthenticationOff, "it is off");
    let report = report(vec![
        refused_login(),
        finding("aws-iam-authentication", Some("other.example"), off),
    ]);
    assert_eq!(report.first_broken().unwrap().check.id, "database-connect");
}

#[test]
fn if_all_policies_allow_it_the_organization_remains() {
    let holds = |check| finding(check, Some(HOST), CheckOutcome::holds("allowed"));
    let all = vec![
        refused_login(),
        holds("aws-database"),
        holds("aws-iam-authentication"),
        holds("aws-connect"),
    ];
    let whole = report(all.clone());
    let remedy = whole
        .first_broken()
        .unwrap()
        .remedy
        .as_ref()
        .unwrap()
        .to_string();
    assert!(remedy.contains("SERVICE_CONTROL_POLICY"), "{remedy}");
    // Causes that were not checked are not ruled out.
    let part = report(all[..3].to_vec());
    let remedy = part
        .first_broken()
        .unwrap()
        .remedy
        .as_ref()
        .unwrap()
        .to_string();
    assert_eq!(remedy, Cause::IamLoginRefused.remedy());
}

#[test]
fn a_report_with_policies_has_a_caveat() {
    let trusted = finding("aws-trust-policy", None, CheckOutcome::holds("allowed"));
    let caveat = report(vec![trusted]).caveat().unwrap();
    assert!(caveat.contains("Service and resource control policies"));
    assert_eq!(report(vec![refused_login()]).caveat(), None);
}

#[test]
fn ambiguous_findings_are_explained_by_a_different_place() {
    let trust = CheckOutcome::broken(Cause::TrustDenied, "Not authorized");
    for (vague, explained_by) in [
        ("sts-trust", "aws-role"),
        ("sts-trust", "aws-trust-policy"),
        ("sts-issuer", "aws-oidc-provider"),
        ("domain-permission", "aws-requests"),
        ("identity-given", "container-identity"),
    ] {
        let report = report(vec![
            finding(vague, None, trust.clone()),
            finding(explained_by, None, trust.clone()),
        ]);
        let broken: Vec<_> = report
            .findings
            .iter()
            .filter(|one| one.verdict == Verdict::Broken)
            .map(|one| one.check.id)
            .collect();
        assert_eq!(broken, [explained_by]);
    }
}
