//! `cargo xtask docs`: the documentation as a site, built by mdBook from `docs/` and the pages beside it.

mod links;
mod pages;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::{process, progress, workspace};

pub(crate) use pages::check;

/// Builds the site into `docs/site` of cargo's target directory.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(word) = arguments.first() {
        return Err(Failure::usage(format!(
            "unexpected argument `{word}`: `cargo xtask docs` has no arguments"
        )));
    }
    let folder = workspace::target().join("docs");
    let (source, site) = (folder.join("source"), folder.join("site"));
    let mdbook = tool::mdbook()?;
    clear(&source)?;
    pages::write(workspace::root(), &source)?;
    let mut build = std::process::Command::new(mdbook);
    build.arg("build").arg(&source).arg("--dest-dir").arg(&site);
    progress::timed("build the site", || process::quietly(&mut build))?;
    progress::say(&format!("open {}", site.join("index.html").display()));
    Ok(())
}

/// Removes what an earlier run left: pages may have been renamed since.
fn clear(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Failure::file(folder))?;
    }
    Ok(())
}

/// Returns all files below a folder, without those whose names start with a dot.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(Failure::file(&folder))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
