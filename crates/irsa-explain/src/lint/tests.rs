//! Tests of findings.

mod consistency;
mod inventory;

use super::*;

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
    let at = |finding: &Finding| Position::from_offset(text, finding.span.start);
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
fn findings_point_at_the_mistaken_text() {
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
fn a_role_for_every_service_account_is_reported() {
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
fn broad_statements_are_reported_only_in_granting_policies() {
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
fn invalid_policies_are_reported_with_their_positions() {
    assert_eq!(found("{\n  \"Statement\": [,]\n}", None), ["invalid 2:17"]);
    assert_eq!(found("", None), ["invalid 1:1"]);
    let typo = TRUST.replace("\"Condition\"", "\"condition\"");
    assert_eq!(found(&typo, None)[0].split(' ').next(), Some("invalid"));
}

#[test]
fn a_policy_over_the_quota_is_reported() {
    let long = TRUST.replace(
        "shop:api\"",
        &format!("shop:api\", \"aws:x\": \"{}\"", "x".repeat(2_048)),
    );
    assert_eq!(found(&long, None), ["over-quota 1:1"]);
    assert_eq!(found(&long, Some(PolicyKind::Resource)), [""; 0]);
}

#[test]
fn the_kind_is_guessed_from_the_elements() {
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
fn a_position_maps_back_to_its_offset() {
    let text = "é\nöä\n";
    for (at, _) in text.char_indices() {
        assert_eq!(offset(text, Position::from_offset(text, at)), at);
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

// RFC 3986, section 3.3: code scanning rejects files whose URIs contain other characters.
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
fn accepted_policies_that_never_match_are_reported() {
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
fn the_wrong_action_for_exchanging_tokens_is_reported() {
    let wrong = TRUST.replace("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole");
    assert_eq!(found(&wrong, None), ["assume-role-of-token 6:15"]);
    let both = wrong.replace(
        "\"sts:AssumeRole\"",
        "[\"sts:AssumeRole\", \"sts:AssumeRoleWithWebIdentity\"]",
    );
    assert_eq!(found(&both, None), [""; 0]);
}

#[test]
fn a_policy_over_every_quota_is_reported_once_without_help() {
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
fn a_wildcard_in_the_audience_is_reported() {
    let open = TRUST.replace(
        "\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud\": \"sts.amazonaws.com\"\n    }",
        "\"a:b\": \"c\"}, \"StringLike\": {\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud\": \"*\"}",
    );
    assert_eq!(ids(&open), ["trust-wildcard-audience"]);
}

#[test]
fn the_resource_wildcard_is_reported_only_for_actions_with_resources() {
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
fn access_to_every_database_is_reported() {
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

#[test]
fn levels_can_be_denied_separately() {
    let warned = Report::new("p.json".to_owned(), identity("es:*", "*"), None);
    assert!(warned.is_clean(Level::Error) && !warned.is_clean(Level::Warning));
    let wrong = Report::new("p.json".to_owned(), identity("es:", "*"), None);
    assert!(!wrong.is_clean(Level::Error));
}
