//! Help texts, generated pages, completion scripts and manual pages.

use std::fs::{self, File};
use std::io::pipe;

use irsa_testing::program::{finish, irsa};

fn printed(arguments: &[&str]) -> String {
    finish(&mut irsa(arguments)).printed().to_owned()
}

#[test]
fn the_help_matches_the_reviewed_snapshots() {
    insta::assert_snapshot!("irsa", printed(&["--help"]));
    insta::assert_snapshot!("irsa_proxy", printed(&["proxy", "--help"]));
}

#[test]
fn the_page_of_settings_is_up_to_date() {
    let page = include_str!("../../../../docs/reference/settings.md");
    let current = printed(&["reference"]);
    assert_eq!(
        page.trim_end(),
        current,
        "out of date: run `cargo xtask gen`"
    );
}

#[test]
fn completion_scripts_contain_the_flags() {
    for (shell, flag) in [
        ("bash", "--drain-timeout"),
        ("zsh", "--drain-timeout"),
        ("fish", "drain-timeout"),
    ] {
        let script = printed(&["completions", shell]);
        assert!(script.contains(flag), "{shell}");
        assert!(script.contains("credentials"), "{shell}");
    }
}

#[test]
fn each_listed_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    finish(irsa(&["man"]).arg(folder.path()));
    let page = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(
        page("irsa.1").contains("irsa\\-proxy(1)"),
        "{}",
        page("irsa.1")
    );
    assert!(page("irsa-proxy.1").contains("\\-\\-drain\\-timeout"));
    assert!(page("irsa-policy-explain.1").contains("\\-\\-at"));
    assert!(!folder.path().join("irsa-reference.1").exists(), "hidden");
}

#[test]
fn writing_manual_pages_to_a_missing_directory_fails() {
    let ended = irsa(&["man", "/nonexistent/man1"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.starts_with("error: cannot write the manual pages into `/nonexistent/man1`: "),
        "{said}"
    );
}

#[test]
fn a_closed_pipe_is_not_a_failure_but_a_full_disk_is() {
    for arguments in [&["completions", "bash"][..], &["reference"][..]] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let ended = irsa(arguments).stdout(writer).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert_eq!(ended.stderr, b"", "{ended:?}");

        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = irsa(arguments).stdout(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(
            said.starts_with("error: cannot write to standard output: "),
            "{said}"
        );
    }
}
