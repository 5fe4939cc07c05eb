//! Tells the program which commit it is built from: `IRSA_COMMIT`, or for a release what Git says of the sources. Other
//! builds do not ask Git, so that a commit rebuilds nothing.

use std::path::Path;
use std::process::Command;

/// Git writes a line here for each commit and checkout.
const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.git/logs/HEAD");

fn main() {
    println!("cargo::rerun-if-env-changed=IRSA_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let given = std::env::var("IRSA_COMMIT").ok();
    let given = given.filter(|commit| !commit.is_empty());
    let commit = given.or_else(of_release);
    let commit = commit.as_deref().unwrap_or("unknown");
    println!("cargo::rustc-env=IRSA_COMMIT={commit}");
}

fn of_release() -> Option<String> {
    let profile = std::env::var("PROFILE").ok()?;
    if profile != "release" || !Path::new(LOG).is_file() {
        return None;
    }
    println!("cargo::rerun-if-changed={LOG}");
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short=12", "HEAD"]);
    git.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = git.output().ok()?;
    let commit = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| commit.trim().to_owned())
}
