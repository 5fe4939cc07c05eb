//! Exit codes for a broken chain.

use std::process::ExitCode;

use irsa_chain::Cause;
use irsa_cli::{CHAIN_BROKEN, UNSURE};
use irsa_doctor::Verdict;
use irsa_identity::IdentityError;

pub(crate) use irsa_cli::Failure;

/// Returns the exit code for the overall verdict of a report.
pub(crate) fn exit_code_for(overall: Verdict) -> ExitCode {
    match overall {
        Verdict::Broken => ExitCode::from(CHAIN_BROKEN),
        Verdict::Unsure => ExitCode::from(UNSURE),
        _ => ExitCode::SUCCESS,
    }
}

/// Converts the error into a failure that names the broken link and its cause.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is mapped over owned errors"
)]
pub(crate) fn broken(error: IdentityError) -> Failure {
    Failure::Chain {
        message: error.to_string(),
        remedy: error.remedy(),
        link: error.link().id(),
        cause: error.cause().map(Cause::id),
    }
}
