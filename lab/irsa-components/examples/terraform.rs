//! Builds the stand-in for Terraform's AWS provider.
#![expect(clippy::print_stderr, reason = "an interactive program")]

use std::env;
use std::error::Error;
use std::path::PathBuf;
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
    Terraform::locate(&cache_folder()?, &|line| eprintln!("{line}")).await?;
    Ok(())
}

fn cache_folder() -> Result<PathBuf, Box<dyn Error>> {
    let given = env::var_os("IRSA_CACHE_DIR").map(PathBuf::from);
    let (cache, home) = (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"));
    let default = || cache::default_folder(cache.as_deref(), home.as_deref());
    given
        .or_else(default)
        .ok_or_else(|| "neither IRSA_CACHE_DIR nor HOME is set".into())
}
