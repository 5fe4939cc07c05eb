//! `irsa policy`: decisions, their explanation, and what is wrong with a policy.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Finished, finish, irsa};

const ISSUER: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06";
const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/shop-api/pod";
const DATABASE: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABCDEFGHIJKL/api";

/// Files of policies.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn add(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The trust policy of the reference, with this key and subject.
    fn trust(&self, name: &str, key: &str, subject: &str) -> String {
        let issuer = ISSUER.strip_prefix("https://").unwrap();
        let provider = format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
        let document = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Web", "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {key: subject, format!("{issuer}:aud"): "sts.amazonaws.com"}},
        }]});
        self.add(name, &format!("{document:#}"))
    }

    fn identity(&self, name: &str, effect: &str, action: &str, resource: &str) -> String {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "One", "Effect": effect, "Action": action, "Resource": resource}
        ]});
        self.add(name, &format!("{document:#}"))
    }
}

fn key() -> String {
    format!("{}:sub", ISSUER.strip_prefix("https://").unwrap())
}

fn policy(command: &str, arguments: &[&str]) -> Finished {
    finish(irsa(&["policy", command]).args(arguments))
}

/// Asks whether the caller may log in to the database.
fn connect(command: &str, arguments: &[&str]) -> Finished {
    let request = ["--principal", CALLER, "--action", "rds-db:connect"];
    policy(
        command,
        &[&request[..], &["--resource", DATABASE], arguments].concat(),
    )
}

/// Asks whether a service account may have the role.
fn assume(command: &str, trust: &str, arguments: &[&str]) -> Finished {
    let question = [
        "--trust",
        trust,
        "--service-account",
        "shop/api",
        "--issuer",
        ISSUER,
    ];
    policy(command, &[&question[..], arguments].concat())
}

#[test]
fn requests_are_answered_line_by_line() {
    let files = Files::new();
    let allow = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"}});
    let request = |id: u32, policies: Value| {
        json!({"id": id, "principal": CALLER, "action": "rds-db:connect", "resource": DATABASE, "policies": policies}).to_string()
    };
    let lines = [
        request(1, json!({"identity": [allow]})),
        request(2, json!({"identity": [allow.to_string()], "boundary": []})),
        String::new(),
        "{\"id\": 3".to_owned(),
        request(4, json!({"identity": ["{"]})),
        request(5, json!({})),
    ];
    let file = files.add("requests.jsonl", &lines.join("\n"));
    let finished = policy("evaluate", &["--requests", &file]);
    let answers: Vec<Value> = finished
        .printed()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told = |name: &str| -> Value {
        let told = answers.iter().map(|answer| answer[name].clone());
        told.collect()
    };
    assert_eq!(told("id"), json!([1, 2, 3, 4, 5]));
    let expected = json!([
        "Allowed",
        "Allowed",
        "Invalid",
        "Invalid",
        "ImplicitlyDenied"
    ]);
    assert_eq!(told("decision"), expected);
    assert_eq!(answers[0]["by"]["statement"], 0);
    assert_eq!(answers[3]["by"]["column"], 2, "{}", answers[3]);
}

#[test]
fn a_program_may_ask_one_by_one() {
    let mut command = irsa(&["policy", "evaluate", "--requests", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = std::io::BufRead::lines(std::io::BufReader::new(output));
    for id in 0..3 {
        let request = json!({"id": id, "principal": "anonymous", "action": "s3:GetObject"});
        writeln!(input, "{request}").unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_exit_code_tells_allowed_denied_and_wrong_input_apart() {
    let files = Files::new();
    let allow = files.identity("allow.json", "Allow", "rds-db:connect", DATABASE);
    let deny = files.identity("deny.json", "Deny", "*", "*");
    let broken = files.add(
        "broken.json",
        "{\n  \"Statement\": [{\"Effect\": \"Maybe\"}]\n}",
    );
    let allowed = connect("evaluate", &["--identity", &allow]);
    let said = format!("Allowed by statement `One` of an identity-based policy ({allow}:3:5)");
    assert_eq!(allowed.printed(), said);
    let denied = connect(
        "evaluate",
        &["--identity", &allow, "--scp", &format!("{allow},{deny}")],
    );
    assert_eq!(denied.code, 3);
    let said = format!(
        "ExplicitlyDenied with an explicit deny in statement `One` of a service control policy ({deny}:3:5)\n"
    );
    assert_eq!(denied.stdout, said);
    let bounded = connect("evaluate", &["--identity", &allow, "--boundary", &allow]);
    assert_eq!(bounded.code, 0);
    let wrong = connect(
        "evaluate",
        &[
            "--identity",
            &broken,
            "--context",
            "key",
            "--boundary",
            "/nowhere",
        ],
    );
    assert_eq!(wrong.code, 2);
    assert_eq!(wrong.stdout, "");
    let errors = wrong.errors();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert!(errors[0].starts_with("cannot read `/nowhere`: "));
    assert_eq!(errors[1], "--context: `key` is not KEY=VALUE");
    let begin = format!("{broken}:2:28: `Statement[0].Effect`: `Maybe` is not an effect");
    assert!(errors[2].starts_with(&begin), "{errors:#?}");
}

#[test]
fn the_answer_as_json_names_the_file() {
    let files = Files::new();
    let allow = files.identity("allow.json", "Allow", "rds-db:*", DATABASE);
    let answer = connect("evaluate", &["--identity", &allow, "--output", "json"]).json();
    assert_eq!(answer["decision"], "Allowed");
    assert_eq!(answer["by"]["file"], allow);
    assert_eq!(
        (&answer["by"]["line"], &answer["by"]["column"]),
        (&json!(3), &json!(5))
    );
}

#[test]
fn a_service_account_is_a_whole_question() {
    let files = Files::new();
    let trust = files.trust("trust.json", &key(), "system:serviceaccount:shop:api");
    assert_eq!(assume("evaluate", &trust, &[]).code, 0);
    let other = assume("evaluate", &trust, &["--audience", "vault"]);
    assert_eq!(other.code, 3, "{}", other.stdout);
    let account = ["--resource", "arn:aws:iam::444455556666:role/shop-api"];
    assert_eq!(assume("evaluate", &trust, &account).code, 3);
    let no_issuer = policy(
        "evaluate",
        &["--trust", &trust, "--service-account", "shop/api"],
    );
    assert_eq!(no_issuer.code, 2);
    let no_name = [
        "--trust",
        &trust,
        "--service-account",
        "api",
        "--issuer",
        ISSUER,
    ];
    let no_name = policy("evaluate", &no_name);
    assert_eq!(no_name.code, 2);
    assert_eq!(
        no_name.errors()[0],
        "--service-account: `api` is not NAMESPACE/NAME"
    );
}

#[test]
fn what_kept_a_statement_from_allowing_is_shown_in_its_file() {
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
fn each_classic_gets_its_remedy_in_explain_and_in_lint() {
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
fn databases_and_domains_get_their_remedies_too() {
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
            "where its resource id belongs",
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

#[test]
fn findings_are_text_json_or_sarif() {
    let files = Files::new();
    let good = files.identity("good.json", "Allow", "rds-db:connect", DATABASE);
    let clean = policy("lint", &[&good]);
    assert_eq!(clean.printed(), "0 findings in 1 file");
    let wide = files.identity("wide.json", "Allow", "*", "*");
    let broken = files.add("broken.json", "{\n  \"Statement\": [,]\n}");
    let text = policy("lint", &[&good, &wide, &broken]);
    assert_eq!(text.code, 3);
    assert!(
        text.stdout.contains("warning[action-everything]: "),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains(&format!("--> {broken}:2:17\n")),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.ends_with("3 findings in 3 files\n"),
        "{}",
        text.stdout
    );
    let json = policy("lint", &[&wide, "--output", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["files"][0]["kind"], "an identity policy");
    assert_eq!(json["files"][0]["findings"][0]["line"], 4);
    let sarif = policy("lint", &[&wide, "--output", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif.stdout).unwrap();
    let result = &sarif["runs"][0]["results"][1];
    assert_eq!(result["ruleId"], "resource-everything");
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], wide);
    assert_eq!(location["region"]["startLine"], 6);
    assert_eq!(policy("lint", &["/nowhere"]).code, 2);
}

/// The commands of the page, where its files are.
#[test]
fn the_page_shows_what_is_printed() {
    let page = include_str!("../../../../docs/policy.md");
    let page = page.replace("\\\n", "");
    let mut examples = 0;
    for example in page.split("```console\n$ irsa policy ").skip(1) {
        let (command, rest) = example.split_once('\n').unwrap();
        let (shown, _) = rest.split_once("```").unwrap();
        let arguments: Vec<_> = command.split_whitespace().collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/policy");
        let finished = finish(irsa(&["policy"]).args(arguments).current_dir(folder));
        assert_eq!(finished.stdout, shown, "{}", finished.stderr);
        examples += 1;
    }
    assert_eq!(examples, 4);
}

#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let files = Files::new();
    let wide = files.identity("wide.json", "Allow", "*", "*");
    let request = json!({"principal": "anonymous", "action": "a:b"}).to_string() + "\n";
    let requests = files.add("requests.jsonl", &request.repeat(10_000));
    for (arguments, code) in [
        (["lint", &wide, "--kind", "identity"], 3),
        (["evaluate", "--requests", &requests, "--output=text"], 0),
    ] {
        let mut command = irsa(&["policy"]);
        command.args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}
