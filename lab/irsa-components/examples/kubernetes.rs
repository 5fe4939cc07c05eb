//! Runs a real kube-apiserver until Ctrl-C; with `build`, only builds it.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an interactive program"
)]

use std::env;
use std::error::Error;
use std::process::ExitCode;

use irsa_components::cache;
use irsa_components::kubernetes::{
    Kubernetes, KubernetesBinaries, KubernetesError, KubernetesOptions,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = run().await else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    let known = error.downcast_ref::<KubernetesError>();
    if let Some(remedy) = known.and_then(KubernetesError::remedy) {
        eprintln!("  hint: {remedy}");
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let cache = cache::folder(env::var_os).ok_or("neither IRSA_CACHE_DIR nor HOME is set")?;
    let binaries = KubernetesBinaries::locate(&cache, &|line| eprintln!("{line}")).await?;
    if env::args().nth(1).as_deref() == Some("build") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let kubernetes = Kubernetes::start(&binaries, KubernetesOptions::new(folder.path())).await?;
    println!("export KUBECONFIG={}", kubernetes.kubeconfig().display());
    tokio::signal::ctrl_c().await?;
    Ok(kubernetes.stop().await?)
}
