//! Tests of elements that contradict each other.

use super::{ISSUER, Level, Report, TRUST, identity, ids};

#[test]
fn claims_of_an_issuer_that_is_not_trusted_never_match() {
    let keys = format!("\"{ISSUER}:");
    for other in [
        "oidc.eks.eu-central-1.amazonaws.com/id/DEF",
        "oidc.eks.us-east-1.amazonaws.com/id/ABC",
        "token.actions.githubusercontent.com",
    ] {
        let other = TRUST.replace(&keys, &format!("\"{other}:"));
        assert_eq!(ids(&other), ["issuer-not-trusted", "issuer-not-trusted"]);
    }
    let lower = TRUST.replace(&keys, &keys.to_lowercase());
    assert_eq!(
        ids(&lower),
        [""; 0],
        "keys are the same in upper and lower case"
    );
    let google = TRUST.replace(&keys, "\"accounts.google.com:").replace(
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC",
        "accounts.google.com",
    );
    assert!(!ids(&google).contains(&"issuer-not-trusted"), "{google}");
}

#[test]
fn no_token_has_claims_of_two_issuers() {
    let second = ISSUER.replace("ABC", "DEF");
    let arn = format!("\"arn:aws:iam::111122223333:oidc-provider/{ISSUER}\"");
    let both = TRUST.replace(&arn, &format!("[{arn}, {}]", arn.replace("ABC", "DEF")));
    assert_eq!(ids(&both), [""; 0]);
    let mixed = both.replace(&format!("{ISSUER}:aud"), &format!("{second}:aud"));
    assert_eq!(ids(&mixed), ["claims-of-two-issuers"]);
    let lenient = mixed.replace("\"StringEquals\"", "\"StringEqualsIfExists\"");
    assert!(!ids(&lenient).contains(&"claims-of-two-issuers"));
}

#[test]
fn claims_that_iam_does_not_read_are_reported() {
    assert_eq!(
        ids(&TRUST.replace("ABC:aud", "ABC:subject")),
        ["trust-without-audience", "no-such-claim"]
    );
    assert_eq!(ids(&TRUST.replace("ABC:aud", "ABC:AUD")), [""; 0]);
    let github = "token.actions.githubusercontent.com";
    let other = TRUST
        .replace(ISSUER, github)
        .replace(&format!("{github}:aud"), &format!("{github}:actor"));
    assert!(!ids(&other).contains(&"no-such-claim"), "{other}");
}

#[test]
fn a_condition_on_all_values_also_holds_without_any() {
    let all = TRUST.replace("\"StringEquals\"", "\"ForAllValues:StringEquals\"");
    assert_eq!(ids(&all), ["for-all-values", "for-all-values"]);
    let any = TRUST.replace("\"StringEquals\"", "\"ForAnyValue:StringEquals\"");
    assert_eq!(ids(&any), [""; 0]);
}

/// A statement on a database with this condition.
fn on_database(effect: &str, condition: &str) -> String {
    identity(
        "rds-db:connect",
        "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABCDEFGH/app",
    )
    .replace("Allow", effect)
    .replace(
        "\"Action\"",
        &format!("\"Condition\": {{{condition}}}, \"Action\""),
    )
}

// "Unsupported AWS global condition context keys" in the Aurora user guide.
#[test]
fn conditions_on_keys_that_logins_never_have_are_reported() {
    let address = r#"{"aws:SourceIp": "10.0.0.0/8"}"#;
    for (effect, operator, level) in [
        ("Allow", "IpAddress", Some(Level::Error)),
        ("Allow", "NotIpAddress", Some(Level::Warning)),
        ("Allow", "IpAddressIfExists", None),
        ("Deny", "NotIpAddress", Some(Level::Error)),
        ("Deny", "NotIpAddressIfExists", Some(Level::Error)),
        ("Deny", "IpAddress", Some(Level::Warning)),
    ] {
        let text = on_database(effect, &format!("\"{operator}\": {address}"));
        let report = Report::new("p.json".to_owned(), text, None);
        let levels: Vec<_> = report
            .findings
            .iter()
            .map(|one| (one.id, one.level))
            .collect();
        let expected: Vec<_> = level
            .map(|level| ("key-never-present", level))
            .into_iter()
            .collect();
        assert_eq!(levels, expected, "{effect} {operator}");
    }
    let tag = on_database(
        "Allow",
        r#""StringEquals": {"aws:PrincipalTag/team": "web"}"#,
    );
    assert_eq!(ids(&tag), [""; 0]);
    let other = on_database("Allow", &format!("\"IpAddress\": {address}")).replace("rds-db", "s3");
    assert_eq!(ids(&other), [""; 0]);
}

const PODS: &str = r#"{"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
    "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "shop"}}
}]}"#;

#[test]
fn pod_identity_needs_both_actions_and_a_condition() {
    assert_eq!(ids(PODS), [""; 0]);
    let untagged = PODS.replace(", \"sts:TagSession\"", "");
    assert_eq!(ids(&untagged), ["pod-identity-actions"]);
    let split = untagged.replace("}]}", r#"}, {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:TagSession", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}]}"#);
    assert_eq!(ids(&split), [""; 0]);
    let (open, _) = PODS.split_once(",\n    \"Condition\"").unwrap();
    assert_eq!(ids(&format!("{open}}}]}}")), ["pod-identity-everyone"]);
    let of_session = PODS.replace("aws:RequestTag", "aws:PrincipalTag");
    assert_eq!(ids(&of_session), ["key-never-present"]);
    let other_tag = PODS.replace("kubernetes-namespace", "namespace");
    assert_eq!(ids(&other_tag), ["key-never-present"]);
    let cluster_role = PODS.replace("pods.eks", "eks");
    assert_eq!(ids(&cluster_role), [""; 0]);
}
