//! The programs of the lab that this machine can run.

use std::path::{Path, PathBuf};

use irsa_cli::Failure;
use irsa_components::opensearch::{OpenSearchBinaries, OpenSearchError};

use crate::cli::{ProgramArgs, When};

/// Returns whether to run OpenSearch. Calls `tell` with the reason if `auto` leaves it out.
pub(crate) async fn opensearch(
    programs: &ProgramArgs,
    tell: impl Fn(&str),
) -> Result<bool, Failure> {
    if programs.opensearch == When::Off {
        return Ok(false);
    }
    let java_home = programs.java_home.as_deref();
    match (check(java_home).await, programs.opensearch) {
        (Ok(()), _) => Ok(true),
        (Err(error), When::Auto) => {
            let remedy = error.remedy().unwrap_or_default();
            tell(&format!("OpenSearch is skipped: {error}; {remedy}"));
            Ok(false)
        }
        (Err(error), _) => Err(Failure::Other {
            remedy: error.remedy().map(str::to_owned),
            message: error.to_string(),
        }),
    }
}

async fn check(java_home: Option<&Path>) -> Result<(), OpenSearchError> {
    OpenSearchBinaries::check_java(java_home).await
}

/// Returns the directory for downloaded programs.
pub(crate) fn cache_folder(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let found = given.or_else(|| irsa_components::cache::folder(std::env::var_os));
    found.ok_or_else(|| Failure::Other {
        message: "no directory for downloaded programs: neither XDG_CACHE_HOME nor HOME is set"
            .to_owned(),
        remedy: Some("set --cache-dir".to_owned()),
    })
}
