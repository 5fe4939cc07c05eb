//! The script of a domain, run by real shells with a function in place of curl.

use std::process::Command;

use irsa_chain::RoleArn;
use serde_json::{Value, json};

use super::{BROAD, stack};
use crate::{Stack, Target, render};

/// Paths of IAM roles with characters that mean something to shells, JSON, printf or patterns of `case`. irsa.yaml may not
/// have all of them.
const PATHS: [&str; 12] = [
    "/a\"b/",
    "/a\\b/",
    "/a\\\"b/",
    "/a'b/",
    "/$(id)/",
    "/`id`/",
    "/$HOME/",
    "/%s%n/",
    "/*/",
    "/[a]?/",
    "/;&|<>#!/",
    "/\\n/",
];

/// Answers that no role exists and that every mapping is `$MAPPING`, and prints the bodies of other requests.
const CURL: &str = r#"curl() {
  case "$*" in
    *--write-out*/roles/*) printf ' 404' ;;
    *--write-out*) printf '%s 200' "$MAPPING" ;;
    *) printf '%s ' "$5"; cat ;;
  esac
}
"#;

/// The broad stack with roles of these paths in one mapping.
fn with_paths() -> (Stack, Vec<RoleArn>) {
    let mut stack = stack(BROAD);
    let role = |path: &&str| format!("arn:aws:iam::111122223333:role{path}app");
    let roles: Vec<RoleArn> = PATHS
        .iter()
        .map(|path| role(path).parse().unwrap())
        .collect();
    let domains = &mut stack.opensearch;
    let domain = domains.iter_mut().find(|one| one.is_fine_grained).unwrap();
    domain.mappings.truncate(1);
    domain.mappings[0].backend_roles.clone_from(&roles);
    (stack, roles)
}

/// Runs the script on a domain with this mapping.
fn run(shell: &str, script: &str, mapping: &Value) -> String {
    let output = Command::new(shell)
        .args(["-c", &format!("{CURL}{script}")])
        .env("OPENSEARCH_URL", "http://127.0.0.1:1")
        .env("MAPPING", mapping.to_string())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shell}: {errors}");
    assert_eq!(errors, "", "{shell}");
    String::from_utf8(output.stdout).unwrap()
}

/// The values of the patches that the script sent.
fn patched(sent: &str) -> Vec<Value> {
    let patches = sent.lines().filter_map(|line| line.strip_prefix("PATCH "));
    let patches = patches.map(|body| serde_json::from_str::<Value>(body).unwrap());
    patches.map(|patch| patch[0]["value"].clone()).collect()
}

#[test]
fn every_role_is_sent_as_it_is() {
    let (stack, roles) = with_paths();
    let script = &render(&stack, Target::OpenSearch, &["irsa.yaml"]).unwrap()[0].text;
    for shell in ["bash", "sh"] {
        let sent = run(
            shell,
            script,
            &json!({"app": {"backend_roles": ["someone"]}}),
        );
        let roles: Vec<_> = roles.iter().map(|role| json!(role.as_str())).collect();
        assert_eq!(patched(&sent), roles, "{shell}\n{sent}");
        // What is mapped is recognized.
        let again = run(shell, script, &json!({"app": {"backend_roles": roles}}));
        assert_eq!(patched(&again), [json!(null); 0], "{shell}\n{again}");
        assert_eq!(again.matches(" is mapped already\n").count(), PATHS.len());
    }
}
