//! Which of the lab's programs this machine can run.

use std::path::Path;

use irsa_components::opensearch::{OpenSearchBinaries, OpenSearchError};

use crate::cli::{ProgramArgs, When};
use crate::exit::Failure;

/// Whether OpenSearch is to be played; `tell` is told why it is not, where nobody said so.
pub(super) async fn opensearch(
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
            tell(&format!("OpenSearch is left out: {error}; {remedy}"));
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
