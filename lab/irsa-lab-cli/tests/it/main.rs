//! The program `irsa-lab`, without a lab.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use irsa_testing::program::{finish, irsa_lab};

fn printed(arguments: &[&str]) -> String {
    finish(&mut irsa_lab(arguments)).printed().to_owned()
}

#[test]
fn the_page_of_settings_is_up_to_date() {
    let page = include_str!("../../../../docs/reference/irsa-lab.md");
    assert_eq!(
        page.trim_end(),
        printed(&["reference"]),
        "out of date: run `cargo xtask gen`"
    );
}

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("demo"), "{shell}");
        assert!(script.contains("irsa-lab"), "{shell}");
    }
}

#[test]
fn each_listed_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    finish(irsa_lab(&["man"]).arg(folder.path()));
    let page = fs::read_to_string(folder.path().join("irsa-lab-demo.1")).unwrap();
    assert!(page.contains("\\-\\-irsa"), "{page}");
}

#[test]
fn the_demo_refuses_an_irsa_of_a_different_version() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("irsa");
    let path = program.display().to_string();
    for (prints, complaint) in [
        (
            "echo irsa 0.0.0",
            format!("`{path}` has version 0.0.0, and this is irsa-lab "),
        ),
        (
            "echo other 1.0",
            format!("`{path} --version` failed: it printed no version of irsa"),
        ),
        (
            "exit 3",
            format!("`{path} --version` failed: exit status: 3"),
        ),
    ] {
        script(&program, prints);
        let finished = finish(&mut irsa_lab(&["demo", "--irsa", &path]));
        assert_eq!(finished.code, 1, "{finished:?}");
        let errors = finished.errors();
        assert!(
            errors.iter().any(|error| error.starts_with(&complaint)),
            "{finished:?}"
        );
        assert!(finished.stderr.contains("help: name "), "{finished:?}");
    }
}

#[test]
fn waiting_for_a_lab_that_does_not_come_ends() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("none").display().to_string();
    let wait = ["env", "--state-dir", &state, "--wait", "--timeout", "1s"];
    let finished = finish(&mut irsa_lab(&wait));
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(finished.stderr.contains("no lab runs: "), "{finished:?}");
    let finished = finish(&mut irsa_lab(&["env", "--wait", "--timeout", "soon"]));
    assert_eq!(finished.code, 2, "{finished:?}");
}

/// Writes a shell script that can be run. It is replaced as a whole: a file that is being executed can't be written.
fn script(path: &Path, body: &str) {
    let new = path.with_extension("new");
    fs::write(&new, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&new, path).unwrap();
}
