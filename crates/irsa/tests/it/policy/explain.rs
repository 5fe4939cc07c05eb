//! `irsa policy explain`: the deciding statement, suggestions, and locations.

use serde_json::{Value, json};

use super::{CALLER, DATABASE, Files, assume, connect, key, policy};

#[test]
fn the_mismatch_of_a_statement_is_shown_in_its_file() {
    let files = Files::new();
    let trust = files.trust("trust.json", &key(), "system:serviceaccount:shop:web");
    let explained = assume("explain", &trust, &[]);
    assert_eq!(explained.code, 3);
    for part in [
        format!("--> {trust}:8:"),
        "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ does not match".to_owned(),
        format!("= `StringEquals` on `{}`\n", key()),
        "policy   `system:serviceaccount:shop:web`\n".to_owned(),
        "request  `system:serviceaccount:shop:api`\n".to_owned(),
    ] {
        assert!(
            explained.stdout.contains(&part),
            "{part}\n{}",
            explained.stdout
        );
    }
    assert!(!explained.stdout.contains('\u{1b}'), "{}", explained.stdout);
}

#[test]
fn the_statement_that_decides_is_shown() {
    let files = Files::new();
    let deny = files.identity("deny.json", "Deny", "rds-db:*", "*");
    let explained = connect("explain", &["--identity", &deny]);
    assert_eq!(explained.code, 3);
    assert!(
        explained.stdout.contains(&format!("--> {deny}:3:5\n")),
        "{}",
        explained.stdout
    );
    assert!(
        explained.stdout.contains("_____^ denies\n"),
        "{}",
        explained.stdout
    );
}

#[test]
fn common_mistakes_get_a_remedy_in_explain_and_lint() {
    let files = Files::new();
    let subject = "system:serviceaccount:shop:api";
    let key = key();
    let bare = key.strip_suffix(":sub").unwrap();
    for (key, value, meant) in [
        (
            key.replace("eks.eu-central-1", "eu-central-1.eks"),
            subject,
            key.clone(),
        ),
        (format!("https://{key}"), subject, key.clone()),
        (
            format!("arn:aws:iam::111122223333:oidc-provider/{key}"),
            subject,
            key.clone(),
        ),
        (
            key.clone(),
            "system:serviceaccount:shop:*",
            "StringLike".to_owned(),
        ),
        (key.clone(), "sts.amazonaws.com", format!("{bare}:aud")),
    ] {
        let trust = files.trust("trust.json", &key, value);
        let help = format!("did you mean `{meant}`?");
        let explained = assume("explain", &trust, &[]);
        assert_eq!(explained.code, 3, "{key} {value}: {}", explained.stdout);
        assert!(
            explained.stdout.contains(&help),
            "{key} {value}: {}",
            explained.stdout
        );
        let linted = policy("lint", &[&trust]);
        assert_eq!(linted.code, 3);
        assert!(
            linted.stdout.contains(&help),
            "{key} {value}: {}",
            linted.stdout
        );
    }
}

#[test]
fn mistakes_with_databases_and_domains_get_a_remedy_too() {
    let files = Files::new();
    let domain = "arn:aws:es:eu-central-1:111122223333:domain/logs";
    let by_name = DATABASE.replace("cluster-ABCDEFGHIJKL", "orders");
    for (asked, resource, action, named, help) in [
        (
            "rds-db:connect",
            DATABASE,
            "rds:connect",
            DATABASE,
            "did you mean `rds-db:connect`?",
        ),
        (
            "rds-db:connect",
            DATABASE,
            "rds-db:connect",
            &by_name,
            "use its resource ID",
        ),
        (
            "es:ESHttpGet",
            &format!("{domain}/_search"),
            "es:ESHttp*",
            domain,
            "/*`?",
        ),
    ] {
        let identity = files.identity("identity.json", "Allow", action, named);
        let request = [
            "--principal",
            CALLER,
            "--action",
            asked,
            "--resource",
            resource,
        ];
        let explained = policy(
            "explain",
            &[&request[..], &["--identity", &identity]].concat(),
        );
        assert!(
            explained.stdout.contains(help),
            "{named}: {}",
            explained.stdout
        );
        let linted = policy("lint", &[&identity]);
        assert!(linted.stdout.contains(help), "{named}: {}", linted.stdout);
    }
}

#[test]
fn an_explanation_as_json_has_both_values() {
    let files = Files::new();
    let trust = files.trust("trust.json", &key(), "system:serviceaccount:shop:web");
    let explained = assume("explain", &trust, &["--output", "json"]);
    assert_eq!(explained.code, 3);
    let answer: Value = serde_json::from_str(&explained.stdout).unwrap();
    let miss = &answer["nearMisses"][0];
    assert_eq!(
        (&miss["file"], &miss["sid"]),
        (&json!(trust), &json!("Web"))
    );
    let kept_by = &miss["keptBy"][0];
    assert_eq!(kept_by["operator"], "StringEquals");
    assert_eq!(
        kept_by["expected"],
        json!(["system:serviceaccount:shop:web"])
    );
    assert_eq!(
        kept_by["request"],
        json!(["system:serviceaccount:shop:api"])
    );
    assert_eq!(kept_by["line"], 8);
}
