//! Builds Helm, unless the cache has it, and prints where it is.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an interactive program"
)]

use std::env;
use std::error::Error;

use irsa_components::{cache, helm};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let cache = cache::folder(env::var_os).ok_or("neither IRSA_CACHE_DIR nor HOME is set")?;
    let helm = helm::locate(&cache, &|line| eprintln!("{line}")).await?;
    println!("{}", helm.display());
    Ok(())
}
