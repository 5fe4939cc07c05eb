//! Sets `IRSA_COMMIT`, the commit that the program is built from, and `IRSA_VERSION`, the version with the commit.
//!
//! The commit is `IRSA_COMMIT` of the environment, or that of the source archive, or for a release that of the clone.
//! Other builds do not read it from the clone, so that a new commit does not cause a rebuild.

use std::path::Path;
use std::process::Command;

/// Git appends a line to this file for each commit and checkout.
const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.git/logs/HEAD");

/// `git archive` replaces the placeholder in this file with the commit (gitattributes, "export-subst").
const ARCHIVED: &str = include_str!("commit");

fn main() {
    println!("cargo::rerun-if-env-changed=IRSA_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=commit");
    let given = std::env::var("IRSA_COMMIT").ok();
    let given = given.filter(|commit| !commit.is_empty());
    let commit = given.or_else(archived_commit).or_else(release_commit);
    let version = env!("CARGO_PKG_VERSION");
    let (commit, version) = match commit {
        Some(commit) => (commit.clone(), format!("{version} ({commit})")),
        None => ("unknown".to_owned(), version.to_owned()),
    };
    println!("cargo::rustc-env=IRSA_COMMIT={commit}");
    println!("cargo::rustc-env=IRSA_VERSION={version}");
}

fn archived_commit() -> Option<String> {
    let commit = ARCHIVED.get(..12)?;
    (!commit.starts_with('$')).then(|| commit.to_owned())
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
