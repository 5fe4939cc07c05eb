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
    IDENTITY = "identity-given" Pod ServiceAccount "Does this process have an identity?"
    REGION = "region" Pod ServiceAccount "Is the region known?"
    FILE = "token-file" Pod ProjectedToken "Can the token file be read?"
    EXPIRY = "token-expiry" Pod ProjectedToken "Is the token still valid?"
    PROVIDER = "provider" Aws OidcProvider "Does the role's account have an OIDC provider for the issuer?"
    TRUST = "trust-subject" Aws TrustPolicy "Does the role's trust policy admit this service account?"
    EXCHANGE = "sts-exchange" Pod StsSession "Does the role's trust policy admit this token?"
    CONNECT = "rds-connect" Aws Permissions "Do the role's policies allow the login?"
    TLS = "tls" Pod Endpoint "Is the server's certificate trusted?"
    LOGIN = "postgres-login" Pod Grant "Does the login succeed?"
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
            CheckOutcome::holds("eu-central-1, from AWS_REGION"),
        ),
        finding(
            &FILE,
            None,
            CheckOutcome::holds(
                "`/var/run/secrets/eks.amazonaws.com/serviceaccount/token` contains a token of 1,132 characters",
            ),
        ),
        finding(
            &EXPIRY,
            None,
            CheckOutcome::holds("it expires in 51 min, at 12:00:00Z"),
        ),
    ]
}

pub(super) fn all_well() -> Report {
    let mut findings = first_findings();
    findings.extend([
        finding(&PROVIDER, None, CheckOutcome::holds("arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE")),
        finding(&TRUST, None, CheckOutcome::holds("allowed by the statement `Pods`")),
        finding(&EXCHANGE, None, CheckOutcome::holds("the session expires at 12:00:00Z")),
        finding(&CONNECT, Some(ENDPOINT), CheckOutcome::holds("allowed")),
        finding(&TLS, Some(ENDPOINT), CheckOutcome::holds("TLS 1.3")),
        finding(&LOGIN, Some(ENDPOINT), CheckOutcome::holds("logged in as keycloak")),
    ]);
    Report::new(workload(), findings)
}

/// A report in which the trust policy is broken; of the links after it, only permissions and the endpoint are reached.
pub(super) fn one_broken() -> Report {
    let seen = "`oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE:sub` must equal `system:serviceaccount:shop:web`, but is `system:serviceaccount:shop:keycloak` in the token";
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
                "add `\"StringEquals\": {\"oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE:sub\": \"system:serviceaccount:shop:keycloak\"}` to the trust policy of keycloak-role: `aws iam update-assume-role-policy --role-name keycloak-role --policy-document file://trust.json`",
            ),
        ),
        not_reached(&EXCHANGE, None),
        finding(&CONNECT, Some(ENDPOINT), CheckOutcome::holds("allowed")),
        finding(&TLS, Some(ENDPOINT), CheckOutcome::warning(Cause::TlsCertificateInvalid, "the certificate expires in 9 days")),
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
    let denied = "the caller is not allowed to call iam:GetRole (AccessDenied), so the trust policy was not read; STS accepted the token, so the policy admits it";
    let mut findings = first_findings();
    findings.extend([
        finding(&TRUST, None, CheckOutcome::unsure(denied)),
        finding(
            &EXCHANGE,
            None,
            CheckOutcome::holds("the session expires at 12:00:00Z"),
        ),
        finding(
            &LOGIN,
            None,
            CheckOutcome::not_applicable("no database is configured"),
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
