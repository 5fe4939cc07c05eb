//! Errors of preparing and running Terraform, with their remedies.

use std::path::PathBuf;
use std::process::ExitStatus;

use thiserror::Error;

use crate::files::FileError;
use crate::go::GoError;

/// Terraform is unavailable, or it failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TerraformError {
    /// Terraform is missing.
    #[error("`terraform` is not on PATH")]
    Missing,
    /// The stand-in for the provider is missing and could not be built.
    #[error(transparent)]
    Go(#[from] GoError),
    /// A file or directory cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Terraform could not be run.
    #[error("can't run `{}`", program.display())]
    Run {
        /// Its path.
        program: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A command failed.
    #[error("terraform {command} failed ({status}):\n{output}")]
    Failed {
        /// Its arguments.
        command: String,
        /// Its exit status.
        status: ExitStatus,
        /// Its messages.
        output: String,
    },
}

impl TerraformError {
    /// Returns the remedy, if there is a single one.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("install Terraform 1.5.7 or later"),
            Self::Go(error) => error.remedy(),
            Self::File(error) => error.remedy(),
            Self::Run { .. } | Self::Failed { .. } => None,
        }
    }
}
