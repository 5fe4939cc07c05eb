//! `irsa apply opensearch` as the administrator of a domain, and the workloads that it lets in.

use std::fs;

use irsa_testing::program::{Finished, finish, irsa};
use serde_json::Value;

use crate::pod::Pod;
use crate::set_up::{Search, SetUp, documents};

const API: &str = "/_plugins/_security/api";
const FILES: [&str; 4] = ["-f", "irsa.yaml", "-f", "overlay.yaml"];

/// Runs the command in the pod of a workload.
fn apply(set_up: &SetUp, workload: &str, arguments: &[&str]) -> Finished {
    let pod = Pod::with_upstream(&set_up.stage, workload, set_up.domain_upstream());
    let dial = set_up.domain().dial.clone();
    let mut command = pod.command(&["apply", "opensearch", "--dial", &dial]);
    finish(
        command
            .args(FILES)
            .args(arguments)
            .current_dir(&set_up.folder),
    )
}

fn undo(operator: &Search) {
    for path in [
        "rolesmapping/camunda-zeebe",
        "rolesmapping/readall",
        "roles/camunda-operate",
    ] {
        assert_eq!(
            operator.delete(&format!("{API}/{path}")).status,
            200,
            "{path}"
        );
    }
}

/// The setup's workloads `operator`, with `all_access`, `zeebe`, `operate` and `viewer`, on a domain that has it.
pub(crate) fn roles_are_applied(set_up: &SetUp) {
    let (zeebe, operate) = (set_up.search("zeebe"), set_up.search("operate"));
    let (operator, viewer) = (set_up.search("operator"), set_up.search("viewer"));
    let record = "/zeebe-record_job/_doc/1";
    let administrators = format!("{API}/rolesmapping/all_access");
    let before = operator.get(&administrators).body;
    undo(&operator);
    assert_eq!(zeebe.get(record).status, 403);

    let dry = apply(set_up, "operator", &["--dry-run", "--exit-code"]);
    assert_eq!(dry.code, 3, "{}", dry.stderr);
    let put = format!("\n    PUT {API}/roles/camunda-operate {{");
    assert!(dry.stdout.contains(&put), "{}", dry.stdout);
    assert_eq!(zeebe.get(record).status, 403, "a dry run changes nothing");

    let applied = apply(set_up, "operator", &["--output", "json"]);
    let lines = applied.printed().lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (totals, steps) = lines.split_last().unwrap();
    assert_eq!(totals["changed"], 3, "{lines:#?}");
    assert!(
        steps.iter().all(|step| step["store"] == "camunda"),
        "{steps:#?}"
    );
    documents(&zeebe, &operate);
    assert_eq!(viewer.get(record).status, 200);
    assert_eq!(viewer.put(record).status, 403);
    assert_eq!(operator.get(&administrators).body, before);

    let again = apply(set_up, "operator", &["--prune"]);
    assert!(
        again.printed().contains(" ok, 0 changed"),
        "{}",
        again.stdout
    );
    let dry = apply(set_up, "operator", &["--dry-run", "--exit-code"]);
    assert_eq!(dry.code, 0, "{}", dry.stdout);

    let refused = apply(set_up, "zeebe", &[]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("may not change the roles"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("/camunda-setup"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_domain_without_fine_grained_access_control_needs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let init = ["init", "--for", "camunda-8.3"];
    finish(irsa(&init).current_dir(&folder)).printed();
    let overlay = "opensearch: {camunda: {access: domain-policy}}\n";
    fs::write(folder.path().join("overlay.yaml"), overlay).unwrap();
    let apply = |arguments: &[&str]| {
        let mut command = irsa(&["apply", "opensearch"]);
        finish(command.args(FILES).args(arguments).current_dir(&folder))
    };
    let note = apply(&[]);
    let expected = "domain `camunda` has no fine-grained access control: there is nothing to apply";
    assert!(note.printed().contains(expected), "{}", note.stdout);

    let unknown = apply(&["--store", "camunds"]);
    assert_eq!(unknown.code, 2);
    let hint = "--store: there is no `camunds`; did you mean `camunda`?";
    assert_eq!(unknown.errors(), [hint]);
}

#[test]
fn an_endpoint_that_is_not_known_yet_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let init = ["init", "--for", "camunda-8.3"];
    finish(irsa(&init).current_dir(&folder)).printed();
    let apply = finish(irsa(&["apply", "opensearch"]).current_dir(&folder));
    assert_eq!(apply.code, 1);
    let error = "not known before `terraform apply`: endpoint of `camunda`";
    assert!(apply.stderr.contains(error), "{}", apply.stderr);
}
