//! `irsa policy`: decisions, explanations, and findings.

mod aws_managed;
mod chain;
mod evaluate;
mod explain;
mod files;
mod pod_identity;

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use irsa_testing::program::{Finished, finish, irsa};

const ISSUER: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06";
const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/shop-api/pod";
const DATABASE: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABCDEFGHIJKL/api";

/// Policy files in a temporary directory.
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

    /// Writes a trust policy with this condition key and subject.
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

/// Evaluates whether the caller can log in to the database.
fn connect(command: &str, arguments: &[&str]) -> Finished {
    let request = ["--principal", CALLER, "--action", "rds-db:connect"];
    policy(
        command,
        &[&request[..], &["--resource", DATABASE], arguments].concat(),
    )
}

/// Evaluates whether a service account can assume the role.
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

/// Runs the examples of the documentation in the directory of its files.
#[test]
fn the_documentation_matches_the_output() {
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
    assert_eq!(examples, 6);
}

#[test]
fn a_closed_pipe_is_not_a_failure() {
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
