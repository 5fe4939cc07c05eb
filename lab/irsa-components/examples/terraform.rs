//! Builds the stand-in for Terraform's AWS provider.
#![expect(clippy::print_stderr, reason = "an interactive program")]

use std::env;
use std::error::Error;
use std::process::ExitCode;

use irsa_components::cache;
use irsa_components::terraform::{Terraform, TerraformError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    let known = error.downcast_ref::<TerraformError>();
    if let Some(remedy) = known.and_then(TerraformError::remedy) {
        eprintln!("  hint: {remedy}");
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let cache = cache::folder(env::var_os).ok_or("neither IRSA_CACHE_DIR nor HOME is set")?;
    Terraform::locate(&cache, &|line| eprintln!("{line}")).await?;
    Ok(())
}
