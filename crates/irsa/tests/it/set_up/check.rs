//! `irsa check`.

use std::fs;

use super::{preset, run};

#[test]
fn the_table_of_decisions_is_there_for_programs() {
    let folder = preset("camunda-8.3");
    let table = run(folder.path(), &["check", "--output", "json"]).json();
    assert_eq!(table["right"], true);
    assert_eq!(table["decisions"][0]["workload"], "keycloak");
    assert_eq!(table["decisions"][0]["decision"], "allowed");
    assert_eq!(table["placeholders"].as_array().unwrap().len(), 3);
}

#[test]
fn every_mistake_is_drawn_in_its_line() {
    let folder = preset("camunda-8.3");
    let file = folder.path().join("irsa.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("component: zeebe", "component: zebe")
            .replace("\nirsa:", "\nirsaa:"),
    )
    .unwrap();
    let refused = run(folder.path(), &["check"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("`component`: `zebe` is not a valid value"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("^^^^ did you mean `zeebe`?"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("did you mean `irsa`?"),
        "{}",
        refused.stderr
    );
    let refused = run(folder.path(), &["check", "--output", "json"]);
    let first: serde_json::Value =
        serde_json::from_str(refused.stderr.lines().next().unwrap()).unwrap();
    let message = first["message"].as_str().unwrap();
    assert!(message.starts_with("irsa.yaml:"), "{message}");
}

#[test]
fn a_missing_file_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &["check"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.errors()[0].contains("cannot read `irsa.yaml`"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.errors()[0].contains("irsa init"),
        "{}",
        refused.stderr
    );
    let refused = run(
        preset("camunda-8.3").path(),
        &["check", "--outputs", "nowhere.json"],
    );
    assert!(
        refused.errors()[0].contains("--outputs: cannot read `nowhere.json`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn an_endless_file_is_refused() {
    let folder = preset("camunda-8.3");
    for arguments in [
        ["check", "-f", "/dev/zero"],
        ["check", "--outputs", "/dev/zero"],
    ] {
        let refused = run(folder.path(), &arguments);
        assert_eq!(refused.code, 2);
        let expected = "cannot read `/dev/zero`: it has more than 4194304 bytes";
        assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    }
}
