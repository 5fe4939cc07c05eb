//! `irsa init`.

use std::fs;

use super::{preset, run};

#[test]
fn a_preset_is_written_once_and_is_right() {
    for name in ["camunda-8.3", "camunda-8.3-reference"] {
        let folder = preset(name);
        assert!(folder.path().join("irsa.schema.json").exists());
        let checked = run(folder.path(), &["check"]);
        assert!(
            checked.printed().contains(" 0 wrong\n"),
            "{}",
            checked.stdout
        );
        assert!(
            checked.stdout.contains("decided with placeholders"),
            "{}",
            checked.stdout
        );
        let again = run(folder.path(), &["init", "--for", name]);
        assert_eq!(again.code, 1);
        assert!(
            again.errors()[0].contains("`./irsa.yaml` exists already"),
            "{}",
            again.stderr
        );
    }
}

#[test]
fn a_schema_that_is_different_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("irsa.schema.json");
    fs::write(&schema, "{}\n").unwrap();
    let arguments = ["init", "--for", "camunda-8.3"];
    let refused = run(folder.path(), &arguments);
    assert_eq!(refused.code, 1);
    let expected = "`./irsa.schema.json` exists and is different";
    assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&schema).unwrap(), "{}\n");
    assert!(!folder.path().join("irsa.yaml").exists());
    run(folder.path(), &[&arguments[..], &["--force"]].concat()).printed();
    assert!(fs::read_to_string(&schema).unwrap().len() > 1000);
    // The same schema is not in the way of a second specification.
    fs::remove_file(folder.path().join("irsa.yaml")).unwrap();
    run(folder.path(), &arguments).printed();
}
