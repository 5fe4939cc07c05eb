//! `irsa policy evaluate`: decisions, from flags and from a stream of requests.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{CALLER, DATABASE, Files, ISSUER, assume, connect, key, policy};
use irsa_testing::program::irsa;

#[test]
fn requests_are_evaluated_line_by_line() {
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
    let values = |name: &str| -> Value {
        let values = answers.iter().map(|answer| answer[name].clone());
        values.collect()
    };
    assert_eq!(values("id"), json!([1, 2, 3, 4, 5]));
    let expected = json!([
        "Allowed",
        "Allowed",
        "Invalid",
        "Invalid",
        "ImplicitlyDenied"
    ]);
    assert_eq!(values("decision"), expected);
    assert_eq!(answers[0]["by"]["statement"], 0);
    assert_eq!(answers[3]["by"]["column"], 2, "{}", answers[3]);
}

#[test]
fn requests_can_be_streamed() {
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
fn exit_codes_distinguish_allowed_denied_and_invalid_input() {
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
fn json_output_names_the_file() {
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
fn a_service_account_is_a_complete_request() {
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
fn the_time_of_a_request_can_be_set() {
    let files = Files::new();
    let until = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "rds-db:connect", "Resource": DATABASE,
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
    }});
    let until = files.add("until.json", &until.to_string());
    for (at, code) in [("2026-12-31", 0), ("2027-01-01T00:00:00Z", 3)] {
        let asked = connect("evaluate", &["--identity", &until, "--at", at]);
        assert_eq!(asked.code, code, "{at}: {}{}", asked.stdout, asked.stderr);
        let expected = format!("evaluated for {}T00:00:00Z\n", &at[..10]);
        assert!(asked.stdout.ends_with(&expected), "{}", asked.stdout);
    }
    let json = ["--output", "json", "--at", "2026-12-31"];
    let asked = connect("evaluate", &[&["--identity", &until], &json[..]].concat());
    let answer: Value = serde_json::from_str(&asked.stdout).unwrap();
    assert_eq!(answer["at"], "2026-12-31T00:00:00Z");
    let wrong = connect("evaluate", &["--identity", &until, "--at", "tomorrow"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("--at: "), "{}", wrong.stderr);
}
