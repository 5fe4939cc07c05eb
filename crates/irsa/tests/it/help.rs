//! What the program says of itself.

use crate::program::{finish, irsa};

fn printed(arguments: &[&str]) -> String {
    finish(&mut irsa(arguments)).printed().to_owned()
}

#[test]
fn the_help_of_the_program_and_of_the_proxy_is_as_reviewed() {
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
        "out of date: run `irsa reference > docs/reference/settings.md`"
    );
}

#[test]
fn each_shell_gets_a_script_that_knows_the_flags() {
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
