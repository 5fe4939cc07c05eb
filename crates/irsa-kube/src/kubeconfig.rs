//! From a kubeconfig to a client.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube_client::config::{KubeConfigOptions, Kubeconfig};
use kube_client::{Client, Config};

use crate::config_error::{ConfigError, unusable};

/// How long connecting to the API server, and each pause in its answer, may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client, and the API server's URL. Reads files and runs a plug-in for credentials on this very thread.
pub(crate) async fn client(
    files: Option<PathBuf>,
    context: Option<String>,
) -> Result<(Client, String), ConfigError> {
    let has_context = context.is_some();
    let options = KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    let mut config = match files {
        Some(files) => Config::from_custom_kubeconfig(merged(&files)?, &options).await?,
        None if has_context => Config::from_kubeconfig(&options).await?,
        None => Config::infer().await.map_err(ConfigError::Absent)?,
    };
    config.connect_timeout = Some(PATIENCE);
    config.read_timeout = Some(PATIENCE);
    config.reset_reader_on_write = true;
    let address = config.cluster_url.to_string();
    let client = Client::try_from(config).map_err(|error| unusable(&error))?;
    Ok((client, address.trim_end_matches('/').to_owned()))
}

/// The first file of a list wins, as in kubectl.
fn merged(files: &Path) -> Result<Kubeconfig, ConfigError> {
    let mut merged = Kubeconfig::default();
    for file in env::split_paths(files).filter(|file| !file.as_os_str().is_empty()) {
        merged = merged.merge(Kubeconfig::read_from(file)?)?;
    }
    Ok(merged)
}
