//! Manual pages.

use std::path::Path;
use std::process::ExitCode;

use clap::Command;

use crate::{Failure, shown};

/// Writes manual pages for `program` and for each command in its help to the directory `folder`, which must exist.
///
/// # Errors
/// A file cannot be written.
pub fn write(program: Command, folder: &Path) -> Result<ExitCode, Failure> {
    clap_mangen::generate_to(program, folder).map_err(|error| Failure::Other {
        message: format!(
            "cannot write the manual pages into `{}`: {error}",
            shown(folder)
        ),
        remedy: Some("choose an existing, writable directory".to_owned()),
    })?;
    Ok(ExitCode::SUCCESS)
}
