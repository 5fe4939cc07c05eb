//! Manual pages.

use std::path::Path;
use std::process::ExitCode;

use clap::Command;

use crate::{Failure, shown};

/// Writes a page for `program` and one for each command that its help lists into the directory `folder`, which must
/// exist.
///
/// # Errors
/// A file can't be written.
pub fn write(program: Command, folder: &Path) -> Result<ExitCode, Failure> {
    clap_mangen::generate_to(program, folder).map_err(|error| Failure::Other {
        message: format!(
            "cannot write the manual pages into `{}`: {error}",
            shown(folder)
        ),
        remedy: Some("name a directory that exists and is writable".to_owned()),
    })?;
    Ok(ExitCode::SUCCESS)
}
