//! The requests of `irsa check`, decided by `irsa policy` from what Terraform planned or created.

use std::collections::BTreeSet;

use irsa_testing::program::{finish, irsa};
use serde_json::Value;

use super::SetUp;

/// Fails unless the state gives the decision of `irsa check` for each request that IAM decides.
pub(super) fn compare_state(set_up: &SetUp, table: &Value) {
    compare(set_up, table, "state.json", |expected, found| {
        found == expected
    });
}

/// Fails unless the plan does. It may be unsure, since resource IDs are known after apply.
pub(super) fn compare_plan(set_up: &SetUp, table: &Value) {
    compare(set_up, table, "plan.json", |expected, found| {
        found == expected || found == "unsure"
    });
}

fn compare(set_up: &SetUp, table: &Value, source: &str, agrees: impl Fn(&str, &str) -> bool) {
    let source = set_up.path(source).display().to_string();
    let decisions = table["decisions"].as_array().unwrap();
    let (requests, others): (Vec<_>, Vec<_>) =
        decisions.iter().partition(|row| row["request"].is_object());
    for row in others {
        // The security plugin of OpenSearch decides about indices.
        assert!(is_about_indices(text(&row["question"])), "{row}");
    }
    let mut asked: BTreeSet<_> = requests.iter().map(|row| text(&row["workload"])).collect();
    // The role of the setup is not one of a workload.
    asked.remove("(setup)");
    let with_roles = set_up.workloads_with_own_roles();
    assert!(
        asked.iter().copied().eq(&with_roles),
        "{asked:?} {with_roles:?}"
    );
    for row in requests {
        let (expected, request) = (text(&row["decision"]), &row["request"]);
        let arguments = arguments(&source, request);
        let answer = finish(irsa(&["policy", "evaluate"]).args(&arguments));
        let found = match answer.code {
            0 => "allowed",
            3 => "denied",
            4 => "unsure",
            code => panic!("exit code {code} of {arguments:?}: {}", answer.stderr),
        };
        assert_ne!(expected, "unsure", "{row}");
        assert!(
            agrees(expected, found),
            "{row} {arguments:?}\n{}{}",
            answer.stdout,
            answer.stderr
        );
    }
}

/// Returns whether a question is like `read orders-x in search`.
fn is_about_indices(question: &str) -> bool {
    let privilege = question.split(' ').next().unwrap();
    ["read", "write", "manage"].contains(&privilege)
}

fn arguments(source: &str, request: &Value) -> Vec<String> {
    let (role, action) = (text(&request["role"]), request["action"].as_str());
    // In a plan, its ARN is not known yet.
    let role = role.rsplit('/').next().unwrap();
    let mut arguments = vec!["--plan", source, "--role", role];
    arguments.extend(["--service-account", text(&request["service_account"])]);
    match request["issuer"].as_str() {
        Some(issuer) => arguments.extend(["--issuer", issuer]),
        None => arguments.extend(["--pod-identity", "--cluster", text(&request["cluster"])]),
    }
    match action {
        Some("rds-db:connect") => arguments.extend(["--connect", text(&request["resource"])]),
        Some(action) => {
            let is_on_domain = action.starts_with("es:");
            let resource = if is_on_domain { "--open" } else { "--resource" };
            arguments.extend([resource, text(&request["resource"]), "--action", action]);
        }
        None => {}
    }
    let context = request["context"].as_object().unwrap().iter();
    let context =
        context.flat_map(|(key, value)| ["--context".to_owned(), format!("{key}={}", text(value))]);
    let arguments = arguments.into_iter().map(str::to_owned);
    arguments.chain(context).collect()
}

pub(super) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not a text"))
}
