//! Sets `IRSA_COMMIT`, the commit that the program is built from. For a release, it is read from Git if it is not set.
//! Other builds do not read it, so that a new commit does not cause a rebuild.

use std::path::Path;
use std::process::Command;

/// Git appends a line to this file for each commit and checkout.
const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.git/logs/HEAD");

fn main() {
    println!("cargo::rerun-if-env-changed=IRSA_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let given = std::env::var("IRSA_COMMIT").ok();
    let given = given.filter(|commit| !commit.is_empty());
    let commit = given.or_else(release_commit);
    let commit = commit.as_deref().unwrap_or("unknown");
    println!("cargo::rustc-env=IRSA_COMMIT={commit}");
}

fn release_commit() -> Option<String> {
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
