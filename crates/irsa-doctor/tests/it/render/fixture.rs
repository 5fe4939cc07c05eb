//! The reports to render.

use std::time::Duration;

use irsa_chain::{Cause, Link};
use irsa_doctor::{Check, CheckOutcome, Database, Finding, Place, Report, Workload};

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com:5432";

macro_rules! checks {
    ($($name:ident = $id:literal $place:ident $link:ident $question:literal)+) => {
        $(pub(super) static $name: Check = Check {
            id: $id,
            place: Place::$place,
            link: Link::$link,
            question: $question,
            description: "",
            causes: &[],
            needs: &[],
        };)+
    };
}

checks! {
    IDENTITY = "identity-given" Pod ServiceAccount "Was the pod given an identity?"
    REGION = "region" Pod ServiceAccount "Is the region known?"
    FILE = "token-file" Pod ProjectedToken "Is there a token?"
    EXPIRY = "token-expiry" Pod ProjectedToken "Is the token still valid?"
    PROVIDER = "provider" Aws OidcProvider "Does AWS know the token's issuer?"
    TRUST = "trust-subject" Aws TrustPolicy "Does the trust policy let this service account in?"
    EXCHANGE = "sts-exchange" Pod StsSession "Does STS give a session?"
    CONNECT = "rds-connect" Aws Permissions "May the role log in as this user?"
    TLS = "tls" Pod Endpoint "Is the certificate the endpoint's?"
    LOGIN = "postgres-login" Pod Grant "Does the database let the user in?"
}

pub(super) fn workload() -> Workload {
    Workload {
        service_account: Some("shop/keycloak".parse().unwrap()),
        role: Some(
            "arn:aws:iam::111122223333:role/apps/keycloak-role"
                .parse()
                .unwrap(),
        ),
        audience: Some("sts.amazonaws.com".to_owned()),
        databases: vec![Database {
            host: ENDPOINT.to_owned(),
            port: 5432,
            user: Some("keycloak".to_owned()),
            name: None,
            role: None,
        }],
        ..Workload::default()
    }
}

pub(super) fn finding(check: &'static Check, subject: Option<&str>, seen: CheckOutcome) -> Finding {
    Finding::new(
        check,
        subject.map(str::to_owned),
        seen,
        Duration::from_millis(120),
    )
}

fn first_findings() -> Vec<Finding> {
    vec![
        finding(
            &IDENTITY,
            None,
            CheckOutcome::holds("AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are set"),
        ),
        finding(
            &REGION,
            None,
            CheckOutcome::holds("eu-central-1, by AWS_REGION"),
        ),
        finding(
            &FILE,
            None,
            CheckOutcome::holds(
                "`/var/run/secrets/eks.amazonaws.com/serviceaccount/token` holds a token of 1,132 characters, readable by this user",
            ),
        ),
        finding(
            &EXPIRY,
            None,
            CheckOutcome::holds("good for 51 minutes more"),
        ),
    ]
}

pub(super) fn all_well() -> Report {
    let mut findings = first_findings();
    findings.extend([
        finding(&PROVIDER, None, CheckOutcome::holds("arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE")),
        finding(&TRUST, None, CheckOutcome::holds("allowed by the statement `Pods`")),
        finding(&EXCHANGE, None, CheckOutcome::holds("a session until 12:00:00Z")),
        finding(&CONNECT, Some(ENDPOINT), CheckOutcome::holds("allowed")),
        finding(&TLS, Some(ENDPOINT), CheckOutcome::holds("TLS 1.3")),
        finding(&LOGIN, Some(ENDPOINT), CheckOutcome::holds("logged in as keycloak")),
    ]);
    Report::new(workload(), findings)
}

/// A report in which the trust policy is broken; of the links after it, only permissions and the endpoint are reached.
pub(super) fn one_broken() -> Report {
    let seen = "`oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE:sub` must equal `system:serviceaccount:shop:web`, and the token's is `system:serviceaccount:shop:keycloak`";
    let not_reached = |check, subject| {
        finding(
            check,
            subject,
            CheckOutcome::unsure("`trust-subject` does not hold"),
        )
    };
    let mut findings = first_findings();
    findings.extend([
        finding(&PROVIDER, None, CheckOutcome::holds("the provider exists")),
        finding(
            &TRUST,
            None,
            CheckOutcome::broken(Cause::TrustSubjectMismatch, seen).remedy(
                "put `\"StringEquals\": {\"oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE:sub\": \"system:serviceaccount:shop:keycloak\"}` into the trust policy of keycloak-role: `aws iam update-assume-role-policy --role-name keycloak-role --policy-document file://trust.json`",
            ),
        ),
        not_reached(&EXCHANGE, None),
        finding(&CONNECT, Some(ENDPOINT), CheckOutcome::holds("allowed")),
        finding(&TLS, Some(ENDPOINT), CheckOutcome::warning(Cause::TlsCertificateInvalid, "the certificate ends in 9 days")),
        not_reached(&LOGIN, Some(ENDPOINT)),
    ]);
    for reached in findings
        .iter_mut()
        .filter(|one| one.seen == "`trust-subject` does not hold")
    {
        reached.verdict = irsa_doctor::Verdict::NotReached;
    }
    Report::new(workload(), findings)
}

/// A report in which AWS denied a read.
pub(super) fn unsure() -> Report {
    let denied = "the caller may not call iam:GetRole (AccessDenied), so the trust policy was not read; the exchange by STS shows that it lets this token in";
    let mut findings = first_findings();
    findings.extend([
        finding(&TRUST, None, CheckOutcome::unsure(denied)),
        finding(
            &EXCHANGE,
            None,
            CheckOutcome::holds("a session until 12:00:00Z"),
        ),
        finding(
            &LOGIN,
            None,
            CheckOutcome::not_applicable("no database is named"),
        ),
    ]);
    Report::new(workload(), findings)
}

/// The text without ANSI color sequences.
pub(super) fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    plain
}
