//! The program `irsa-lab` without a running lab.

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
            format!("`{path}` has version 0.0.0, but irsa-lab has version "),
        ),
        (
            "echo other 1.0",
            format!("`{path} --version` failed: it did not print a version of irsa"),
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
        assert!(
            finished.stderr.contains("help: give the path of "),
            "{finished:?}"
        );
    }
}

#[test]
fn waiting_for_a_lab_times_out() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("none").display().to_string();
    let wait = ["env", "--state-dir", &state, "--wait", "--timeout", "1s"];
    let finished = finish(&mut irsa_lab(&wait));
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(
        finished.stderr.contains("no lab is running: "),
        "{finished:?}"
    );
    let before = ["--state-dir", &state, "env", "--wait", "--timeout", "1s"];
    let finished = finish(&mut irsa_lab(&before));
    assert_eq!(finished.code, 1, "{finished:?}");
    let finished = finish(&mut irsa_lab(&["env", "--wait", "--timeout", "soon"]));
    assert_eq!(finished.code, 2, "{finished:?}");
}

#[test]
fn options_of_the_lab_in_front_of_a_command_are_rejected() {
    let finished = finish(&mut irsa_lab(&["--world", "world.yaml", "env"]));
    assert_eq!(finished.code, 2, "{finished:?}");
    let message = "`--world` has no effect on `irsa-lab env`";
    assert!(finished.stderr.contains(message), "{finished:?}");
}

/// Writes an executable shell script. The file is replaced by a rename: a file that is being executed cannot be written.
fn script(path: &Path, body: &str) {
    let new = path.with_extension("new");
    fs::write(&new, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&new, path).unwrap();
}
