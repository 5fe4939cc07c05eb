//! Builds Helm, unless the cache has it, and prints where it is.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an interactive program"
)]

use std::env;
use std::error::Error;
use std::path::PathBuf;

use irsa_components::{cache, helm};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = env::var_os("IRSA_CACHE_DIR").map(PathBuf::from);
    let (xdg, home) = (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"));
    let default = || cache::default_folder(xdg.as_deref(), home.as_deref());
    let cache = given.or_else(default);
    let cache = cache.ok_or("neither IRSA_CACHE_DIR nor HOME is set")?;
    let helm = helm::locate(&cache, &|line| eprintln!("{line}")).await?;
    println!("{}", helm.display());
    Ok(())
}
