//! mdBook, installed into the cache on first use.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::{process, progress, workspace};

const VERSION: &str = "0.5.4";

/// Returns the program, after its installation if the cache lacks this version.
pub(super) fn mdbook() -> Result<PathBuf, Failure> {
    let folder = workspace::cache()?.join(format!("mdbook-{VERSION}"));
    let program = folder.join("bin/mdbook");
    if !program.is_file() {
        let mut install = workspace::cargo();
        install.args(["install", "mdbook", "--version", VERSION, "--locked"]);
        install.args(["--no-default-features", "--features", "search"]);
        install.arg("--root").arg(&folder);
        // Not into the clone, where it would stay beside the project's own builds.
        install.arg("--target-dir").arg(folder.join("build"));
        progress::timed("install mdBook (once, some minutes)", || {
            process::quietly(&mut install)
        })?;
    }
    Ok(program)
}
