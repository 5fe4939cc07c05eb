//! The check of the release's dependencies against RustSec's advisories.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Advisories that do not apply to the product, each with the reason.
const IGNORED: [(&str, &str); 1] = [(
    "RUSTSEC-2023-0071",
    "rsa is in the lab alone, where it signs the tokens of a local OIDC issuer",
)];

/// Refuses the release if an advisory in this clone of <https://github.com/rustsec/advisory-db> applies to a locked
/// package. Reads no network.
pub(super) fn check(database: &Path) -> Result<(), Failure> {
    if process::find("cargo-audit").is_none() {
        return Err(Failure::new("`cargo audit` is missing")
            .remedy("install it with `cargo install cargo-audit --locked`"));
    }
    if !database.join("crates").is_dir() {
        return Err(Failure::new(format!(
            "`{}` is not a clone of the advisory database: it has no directory `crates`",
            database.display()
        ))
        .remedy("clone it with `git clone https://github.com/rustsec/advisory-db`"));
    }
    progress::heading("advisories");
    let database = std::path::absolute(database).map_err(Failure::file(database))?;
    let mut audit = Command::new("cargo-audit");
    audit.current_dir(workspace::root());
    audit.args(["audit", "--no-fetch", "--deny", "warnings"]);
    audit.arg("--db").arg(database);
    for (advisory, reason) in IGNORED {
        progress::note(&format!("{advisory} is ignored: {reason}"));
        audit.args(["--ignore", advisory]);
    }
    process::run(&mut audit)
}
