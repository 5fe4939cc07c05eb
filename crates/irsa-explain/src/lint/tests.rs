//! What is found, and what is not.

use super::*;
use crate::inventory::{Inventory, Role, Source};

const TRUST: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {
      "oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub": "system:serviceaccount:shop:api",
      "oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud": "sts.amazonaws.com"
    }}
  }
}"#;

/// The findings as `ID LINE:COLUMN`.
fn found(text: &str, kind: Option<PolicyKind>) -> Vec<String> {
    let report = Report::new("p.json".to_owned(), text.to_owned(), kind);
    let at = |finding: &Finding| Position::of(text, finding.span.start);
    report
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.id, at(finding)))
        .collect()
}

fn identity(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}]}}"#
    )
}

#[test]
fn a_good_policy_has_no_findings() {
    assert_eq!(found(TRUST, None), [""; 0]);
    let connect = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABCDEFGH/app";
    assert_eq!(found(&identity("rds-db:connect", connect), None), [""; 0]);
}

#[test]
fn the_place_of_a_slip_is_its_text() {
    for (from, to, expected) in [
        (
            "eks.eu-central-1.amazonaws.com/id/ABC:sub",
            "eu-central-1.eks.amazonaws.com/id/ABC:sub",
            "issuer-order 8:7",
        ),
        (
            "\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub",
            "\"https://oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub",
            "scheme-in-issuer 8:7",
        ),
        (
            "\"sts.amazonaws.com",
            "\"system:serviceaccount:shop:api",
            "claims-swapped 9:57",
        ),
        ("shop:api", "shop:*", "literal-wildcard 8:57"),
        (
            "oidc-provider/oidc.eks.eu-central-1",
            "oidc-provider/oidc.eu-central-1.eks",
            "issuer-order 5:32",
        ),
    ] {
        assert_eq!(found(&TRUST.replace(from, to), None), [expected], "{to}");
    }
}

#[test]
fn a_role_for_every_service_account_is_told() {
    let sub = TRUST.find("      \"oidc").unwrap();
    let aud = TRUST[sub + 1..].find("      \"oidc").unwrap() + sub + 1;
    let without = TRUST[..sub].to_owned() + &TRUST[aud..];
    assert_eq!(found(&without, None), ["trust-without-subject 5:18"]);
    let open = TRUST
        .replace("shop:api", "shop:*")
        .replace("StringEquals", "StringLike");
    assert_eq!(found(&open, None), ["trust-wildcard-subject 8:57"]);
    let negated = TRUST.replace("StringEquals", "StringNotEquals");
    let expected = ["trust-without-subject 5:18", "trust-without-audience 5:18"];
    assert_eq!(found(&negated, None), expected);
}

#[test]
fn what_allows_everything_is_told_where_it_grants() {
    let all = identity("*", "*");
    assert_eq!(
        found(&all, None),
        ["action-everything 1:71", "resource-everything 1:88"]
    );
    assert_eq!(found(&all, Some(PolicyKind::Boundary)), [""; 0]);
    assert_eq!(found(&all, Some(PolicyKind::ServiceControl)), [""; 0]);
    assert_eq!(found(&all.replace("Allow", "Deny"), None), [""; 0]);
    let everyone = all
        .replace("\"Resource\"", "\"Principal\"")
        .replace("\"*\", \"P", "\"es:*\", \"P");
    assert_eq!(found(&everyone, None), ["principal-everyone 1:92"]);
    let but = all
        .replace("\"Action\": \"*\"", "\"NotAction\": \"iam:*\"")
        .replace(": \"*\"", ": \"arn:aws:s3:::b\"");
    assert_eq!(found(&but, None), ["all-but 1:74"]);
}

#[test]
fn what_is_no_policy_is_told_with_its_place() {
    assert_eq!(found("{\n  \"Statement\": [,]\n}", None), ["invalid 2:17"]);
    assert_eq!(found("", None), ["invalid 1:1"]);
    let typo = TRUST.replace("\"Condition\"", "\"condition\"");
    assert_eq!(found(&typo, None)[0].split(' ').next(), Some("invalid"));
}

#[test]
fn a_policy_over_the_quota_is_told() {
    let long = TRUST.replace(
        "shop:api\"",
        &format!("shop:api\", \"aws:x\": \"{}\"", "x".repeat(2_048)),
    );
    assert_eq!(found(&long, None), ["over-quota 1:1"]);
    assert_eq!(found(&long, Some(PolicyKind::Resource)), [""; 0]);
}

#[test]
fn the_kind_is_told_by_the_elements() {
    for (text, kind) in [
        (TRUST.to_owned(), PolicyKind::Trust),
        (identity("s3:*", "*"), PolicyKind::Identity),
        (TRUST.replace("sts:", "es:"), PolicyKind::Resource),
        ("nonsense".to_owned(), PolicyKind::Identity),
    ] {
        assert_eq!(guess(&text), kind, "{text}");
    }
}

#[test]
fn a_place_is_found_again_in_the_text() {
    let text = "é\nöä\n";
    for (at, _) in text.char_indices() {
        assert_eq!(offset(text, Position::of(text, at)), at);
    }
}

#[test]
fn the_first_hundred_findings_are_enough() {
    let statement = r#"{"Effect": "Allow", "Action": "es:*", "Resource": "*"}"#;
    let many = vec![statement; 1_000].join(",");
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{many}]}}"#);
    let report = Report::new("p.json".to_owned(), text, None);
    assert_eq!((report.findings.len(), report.more), (100, 901));
    let shown = output::text(&[report]);
    assert!(shown.ends_with("\nand 901 more in p.json\n\n1001 findings in 1 file\n"));
}

// RFC 3986, section 3.3: code scanning takes no file whose URI has other characters.
#[test]
fn an_address_of_a_plan_is_a_uri_in_sarif() {
    let place = r#"module.app["billing"].aws_iam_role.this.assume_role_policy"#;
    for (file, uri) in [
        (
            place,
            "module.app%5B%22billing%22%5D.aws_iam_role.this.assume_role_policy",
        ),
        ("policies/my trust.json", "policies/my%20trust.json"),
        ("./a_b-c~1.json", "./a_b-c~1.json"),
    ] {
        let report = Report::new(file.to_owned(), String::new(), None);
        let sarif = output::sarif(&[report]);
        let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], uri);
    }
}

#[test]
fn what_iam_takes_and_never_matches_is_told() {
    for (action, id) in [("es:", "no-such-action"), ("es:Get *", "no-such-action")] {
        let found = found(&identity(action, "arn:aws:es:*:*:x"), None);
        assert_eq!(found, [format!("{id} 1:71")], "{action}");
    }
    let bare = TRUST.replace("\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub", "\"sub");
    assert_eq!(found(&bare, None), ["key-without-prefix 8:7"]);
    let empty = TRUST.replace("\"system:serviceaccount:shop:api\"", "[]");
    assert_eq!(found(&empty, None), ["no-values 8:7"]);
}

#[test]
fn a_token_that_is_to_be_exchanged_by_the_wrong_action_is_told() {
    let wrong = TRUST.replace("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole");
    assert_eq!(found(&wrong, None), ["assume-role-of-token 6:15"]);
    let both = wrong.replace(
        "\"sts:AssumeRole\"",
        "[\"sts:AssumeRole\", \"sts:AssumeRoleWithWebIdentity\"]",
    );
    assert_eq!(found(&both, None), [""; 0]);
}

#[test]
fn what_is_over_every_quota_is_told_once_and_without_advice() {
    let long = TRUST.replace("shop:api", &"x".repeat(4_096));
    let report = Report::new("p.json".to_owned(), long, None);
    let quota: Vec<_> = report
        .findings
        .iter()
        .filter(|one| one.id == "over-quota")
        .collect();
    assert_eq!(quota.len(), 1);
    assert_eq!(quota[0].help, None);
}

/// The IDs of the findings.
fn ids(text: &str) -> Vec<&'static str> {
    let report = Report::new("p.json".to_owned(), text.to_owned(), None);
    report.findings.iter().map(|finding| finding.id).collect()
}

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";

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

#[test]
fn a_wildcard_in_the_audience_lets_every_token_in() {
    let open = TRUST.replace(
        "\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud\": \"sts.amazonaws.com\"\n    }",
        "\"a:b\": \"c\"}, \"StringLike\": {\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud\": \"*\"}",
    );
    assert_eq!(ids(&open), ["trust-wildcard-audience"]);
}

#[test]
fn every_resource_is_too_much_only_where_resources_can_be_named() {
    for (action, expected) in [
        ("es:ESHttpGet", &["resource-everything"][..]),
        ("es:*", &["resource-everything"]),
        ("s3:GetObject", &["resource-everything"]),
        ("es:ListDomainNames", &[]),
        ("ec2:Describe*", &[]),
        ("sts:GetCallerIdentity", &[]),
    ] {
        assert_eq!(ids(&identity(action, "*")), expected, "{action}");
    }
    let condition = r#""Condition": {"StringEquals": {"aws:ResourceTag/team": "web"}}, "Action""#;
    let tagged = identity("es:ESHttpGet", "*").replace("\"Action\"", condition);
    assert_eq!(ids(&tagged), [""; 0]);
}

#[test]
fn every_database_is_too_much() {
    let arn = "arn:aws:rds-db:eu-central-1:111122223333:dbuser";
    for (resource, expected) in [
        ("*", &["every-database"][..]),
        ("*/app", &["every-database"]),
        ("*/*", &["every-database"]),
        ("cluster-ABCDEFGH/*", &[]),
    ] {
        let text = identity("rds-db:connect", &format!("{arn}:{resource}"));
        assert_eq!(ids(&text), expected, "{resource}");
    }
    let redshift = identity(
        "redshift:GetClusterCredentials",
        &arn.replace("rds-db", "redshift"),
    );
    assert_eq!(ids(&redshift), [""; 0]);
}

// "IAM and AWS STS quotas": 6,144 characters for a managed policy, 10,240 for the inline policies of a role together.
#[test]
fn the_quota_is_that_of_where_the_policy_is_attached() {
    let long = |size: usize| {
        identity(
            "es:ESHttpGet",
            &format!("arn:aws:es:*:*:domain/logs/{}", "x".repeat(size)),
        )
    };
    let report = |attachment| Report::attached("p.json".to_owned(), long(8_300), None, attachment);
    let levels = |report: &Report| -> Vec<_> {
        report
            .findings
            .iter()
            .map(|one| (one.id, one.level))
            .collect()
    };
    assert_eq!(levels(&report(Some(Attachment::Role))), []);
    assert_eq!(
        levels(&report(Some(Attachment::Managed))),
        [("over-quota", Level::Error)]
    );
    assert_eq!(levels(&report(None)), [("over-quota", Level::Warning)]);
}

#[test]
fn a_level_may_be_denied_alone() {
    let warned = Report::new("p.json".to_owned(), identity("es:*", "*"), None);
    assert!(warned.is_clean(Level::Error) && !warned.is_clean(Level::Warning));
    let wrong = Report::new("p.json".to_owned(), identity("es:", "*"), None);
    assert!(!wrong.is_clean(Level::Error));
}

/// A role with these inline policies, and a trust policy for these subjects.
fn role(inline: &[String], subjects: &str) -> Inventory {
    let source = |text: &String| {
        let place = format!("inline {}", text.len());
        Source::new(&place, Some(text.clone())).attached(Attachment::Role)
    };
    let trust = TRUST.replace("\"system:serviceaccount:shop:api\"", subjects);
    Inventory {
        roles: vec![Role {
            place: "app".to_owned(),
            trust: vec![Source::new("trust", Some(trust))],
            permissions: inline.iter().map(source).collect(),
            ..Role::default()
        }],
        ..Inventory::default()
    }
}

fn inspected(inventory: &Inventory) -> Vec<(String, &'static str)> {
    let reports = inspect(inventory).reports.into_iter();
    let found = reports.flat_map(|report| {
        let file = report.file.clone();
        let ids: Vec<_> = report
            .findings
            .iter()
            .map(|one| (file.clone(), one.id))
            .collect();
        ids
    });
    found.collect()
}

#[test]
fn inline_policies_count_together() {
    let policy = |size: usize| {
        identity(
            "es:ESHttpGet",
            &format!("arn:aws:es:*:*:domain/logs/{}", "x".repeat(size)),
        )
    };
    let subject = "\"system:serviceaccount:shop:api\"";
    assert_eq!(inspected(&role(&[policy(8_000)], subject)), []);
    let found = inspected(&role(&[policy(8_000), policy(4_000)], subject));
    assert_eq!(found, [("app".to_owned(), "over-quota")]);
}

#[test]
fn a_role_that_several_service_accounts_share_is_reported() {
    let one = "[\"system:serviceaccount:shop:api\"]";
    assert_eq!(inspected(&role(&[], one)), []);
    let two = "[\"system:serviceaccount:shop:api\", \"system:serviceaccount:shop:web\"]";
    let expected = [("app".to_owned(), "role-for-several-accounts")];
    assert_eq!(inspected(&role(&[], two)), expected);
}
