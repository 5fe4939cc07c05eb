//! Runs a real kube-apiserver until Ctrl-C. With `build`, only builds it. With `serve`, prints a JSON line with its
//! kubeconfig, and runs until the standard input closes.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an interactive program"
)]

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;

use irsa_components::cache;
use irsa_components::kubernetes::{
    Kubernetes, KubernetesBinaries, KubernetesError, KubernetesOptions,
};
use serde_json::json;

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
    let mode = env::args().nth(1);
    if mode.as_deref() == Some("build") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let kubernetes = Kubernetes::start(&binaries, KubernetesOptions::new(folder.path())).await?;
    let kubeconfig = kubernetes.kubeconfig();
    if mode.as_deref() == Some("serve") {
        println!("{}", json!({"kubeconfig": kubeconfig}));
        io::copy(&mut io::stdin(), &mut io::sink())?;
    } else {
        println!("export KUBECONFIG={}", kubeconfig.display());
        tokio::signal::ctrl_c().await?;
    }
    Ok(kubernetes.stop().await?)
}
