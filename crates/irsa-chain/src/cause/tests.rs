use std::collections::HashSet;

use super::*;

/// The ids are an interface: logs, metrics, the lab's ledger and runbooks use them.
#[rustfmt::skip]
const IDS: [(Link, &[&str]); 9] = [
    (Link::ServiceAccount, &[
        "no-identity-given", "half-an-identity", "service-account-missing",
        "service-account-default", "annotation-missing", "annotation-misspelled",
        "role-arn-malformed", "partition-mismatch", "pod-not-mutated", "pod-skipped",
        "container-skipped", "role-arn-differs", "webhook-missing", "webhook-certificate-wrong",
        "webhook-locks-out", "webhook-fails-open", "another-identity-given",
        "identity-not-as-specified", "region-missing",
        "credentials-uri-not-allowed",
    ]),
    (Link::ProjectedToken, &[
        "token-file-missing", "token-file-unreadable", "token-file-empty", "token-malformed",
        "token-expired", "token-audience-wrong", "token-audience-missing", "token-volume-missing",
        "token-not-yet-valid", "token-lifetime-refused", "token-of-another-account",
    ]),
    (Link::OidcProvider, &[
        "issuer-unknown", "token-signature-invalid", "verification-key-unavailable",
        "issuer-mismatch", "signing-key-missing", "thumbprint-mismatch",
    ]),
    (Link::TrustPolicy, &[
        "trust-denied", "trust-subject-mismatch", "trust-audience-mismatch",
        "trust-provider-mismatch", "trust-action-mismatch", "role-unknown", "trust-key-malformed",
        "trust-wildcard-literal", "trust-principal-deleted", "trust-too-broad",
    ]),
    (Link::StsSession, &[
        "sts-unreachable", "sts-throttled", "sts-internal-error", "session-expired",
        "session-name-invalid", "region-disabled", "duration-exceeds-maximum",
        "chained-role-denied", "credentials-unknown", "imds-refused", "pod-identity-refused",
        "caller-differs", "node-role-reachable",
    ]),
    (Link::Permissions, &[
        "connect-not-allowed", "connect-denied", "resource-id-mismatch", "db-user-mismatch",
        "es-http-not-allowed", "es-http-denied", "domain-resource-mismatch",
        "boundary-not-allowing", "condition-never-met", "iam-login-refused",
    ]),
    (Link::Signature, &[
        "signature-mismatch", "signed-for-another-host", "signed-for-another-region",
        "signed-for-another-user", "rds-token-expired", "rds-token-malformed",
        "rds-token-lifetime-too-long", "request-unsigned", "authorization-malformed",
        "signed-for-another-service", "payload-hash-unsigned", "clock-skew",
    ]),
    (Link::Endpoint, &[
        "endpoint-unresolvable", "endpoint-unreachable", "http-proxy-failed", "tls-refused-by-server",
        "tls-certificate-invalid", "tls-handshake-failed", "clear-text-refused", "endpoint-timeout", "endpoint-overloaded",
        "request-too-large", "endpoint-throttled", "endpoint-failed", "iam-authentication-off",
        "cluster-unknown", "domain-unknown", "not-available",
    ]),
    (Link::Grant, &[
        "rds-iam-not-granted", "role-not-found", "database-access-denied",
        "wrong-database", "fgac-not-granted", "fine-grained-access-off",
    ]),
];

#[test]
fn each_link_has_its_causes() {
    for (link, ids) in IDS {
        let known: Vec<_> = Cause::all_for(link).map(Cause::id).collect();
        assert_eq!(known, ids, "{link}");
    }
}

#[test]
fn the_table_is_in_the_order_of_the_chain() {
    assert!(Cause::ALL.iter().map(|cause| cause.link()).is_sorted());
}

#[test]
fn an_id_names_one_cause() {
    let ids: HashSet<_> = Cause::ALL.iter().map(|cause| cause.id()).collect();
    assert_eq!(ids.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        assert_eq!(cause.id().parse(), Ok(*cause));
    }
    assert!("trust_denied".parse::<Cause>().is_err());
}

#[test]
fn an_id_is_its_variant_in_kebab_case() {
    for cause in Cause::ALL {
        let words = cause
            .id()
            .split('-')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        assert_eq!(words.collect::<String>(), format!("{cause:?}"));
    }
}

#[test]
fn texts_are_single_lines_without_full_stop() {
    for cause in Cause::ALL {
        for text in [cause.summary(), cause.remedy()] {
            assert!(!text.contains(['\n', '\r', '<', '>']), "{cause}: {text}");
            assert!(
                !text.contains("  ") && !text.ends_with(['.', ' ']),
                "{cause}: {text}"
            );
            assert!(
                text.matches('`').count().is_multiple_of(2),
                "{cause}: {text}"
            );
        }
        assert!(cause.summary().len() <= 90, "{cause} has a long summary");
    }
}

/// Texts start in lower case, except with an acronym such as "STS" or "AWS".
#[test]
fn texts_begin_in_lower_case() {
    for cause in Cause::ALL {
        for text in [cause.summary(), cause.remedy()] {
            let word = text.split(' ').next().unwrap();
            let is_acronym = word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase());
            assert!(
                is_acronym || text.starts_with(|c: char| c.is_lowercase()),
                "{cause}: {text}"
            );
        }
    }
}

#[test]
fn a_remedy_adds_to_its_summary() {
    let mut remedies = HashSet::new();
    for cause in Cause::ALL {
        assert!(
            cause.remedy().len() > 40,
            "{cause} has a remedy too short to help"
        );
        assert!(
            remedies.insert(cause.remedy()),
            "{cause} has the remedy of a different cause"
        );
    }
}

#[test]
fn the_markdown_has_a_row_for_each_cause_under_its_link() {
    let page = markdown_table();
    let sections: Vec<&str> = page.split("## ").skip(1).collect();
    assert_eq!(sections.len(), Link::ALL.len());
    for (section, link) in sections.into_iter().zip(Link::ALL) {
        assert!(section.starts_with(link.title()));
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        assert_eq!(rows.count(), Cause::all_for(link).count(), "{link}");
    }
}

#[test]
fn a_markdown_row_has_three_cells() {
    for row in markdown_table()
        .lines()
        .filter(|line| line.starts_with('|'))
    {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
    }
}
