//! `irsa show`.

use std::fs;

use super::{preset, run};

#[test]
fn later_files_are_laid_over_and_each_value_says_where_it_is_from() {
    let folder = preset("camunda-8.3");
    fs::write(
        folder.path().join("prod.yaml"),
        "aws: {region: eu-west-1}\n",
    )
    .unwrap();
    let shown = run(
        folder.path(),
        &["show", "-f", "irsa.yaml", "-f", "prod.yaml"],
    );
    assert!(
        shown
            .printed()
            .contains("  region: eu-west-1  # prod.yaml:1\n"),
        "{}",
        shown.stdout
    );
    let shown = run(
        folder.path(),
        &[
            "show",
            "--output",
            "json",
            "-f",
            "irsa.yaml",
            "-f",
            "prod.yaml",
        ],
    );
    assert_eq!(shown.json()["aws"]["region"]["file"], "prod.yaml");
}
