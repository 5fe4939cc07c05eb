//! Creates a client from a kubeconfig.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use kube_client::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube_client::{Client, Config};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::config_error::{ConfigError, unusable};
use crate::{ClusterContext, proxy};

/// The time limit for connecting to the API server, and for each pause in its response.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit of a credential plugin, such as `aws eks get-token`, which calls STS.
const PLUGIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The clients for an API server.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The API server's URL.
    pub(crate) address: String,
    /// The names in the kubeconfig.
    pub(crate) context: ClusterContext,
    config: Config,
    watches: OnceCell<Client>,
}

impl Connection {
    /// The client for watches, whose connections may be silent for longer.
    pub(crate) async fn client_for_watches(&self) -> Result<&Client, ConfigError> {
        let create = || async {
            let mut config = self.config.clone();
            config.read_timeout = None;
            // This may run a credential plugin.
            let runtime = Handle::current();
            let create = move || runtime.block_on(async { Client::try_from(config) });
            let created = timeout(PLUGIN_TIMEOUT, spawn_blocking(create)).await;
            let created = created.map_err(|_| ConfigError::TimedOut(PLUGIN_TIMEOUT))?;
            let created = created.map_err(|_| ConfigError::Unusable("a part".to_owned()))?;
            created.map_err(|error| unusable(&error))
        };
        self.watches.get_or_try_init(create).await
    }
}

/// Reads a kubeconfig and creates a client; the default is the pod's own service account.
pub(crate) async fn connect(
    files: Option<PathBuf>,
    context: Option<String>,
) -> Result<Connection, ConfigError> {
    // kube-client reads files and runs credential plugins on the calling thread.
    let runtime = Handle::current();
    let created = spawn_blocking(move || runtime.block_on(connection(files, context)));
    let created = timeout(PLUGIN_TIMEOUT, created).await;
    let created = created.map_err(|_| ConfigError::TimedOut(PLUGIN_TIMEOUT))?;
    created.unwrap_or_else(|_| Err(ConfigError::Unusable("a part".to_owned())))
}

async fn connection(
    files: Option<PathBuf>,
    context: Option<String>,
) -> Result<Connection, ConfigError> {
    let kubeconfig = match files {
        Some(files) => Some(merged(&files)?),
        None => user_kubeconfig()?,
    };
    let names = kubeconfig
        .as_ref()
        .map(|one| ClusterContext::new(one, context.as_deref()));
    let mut config = match kubeconfig {
        Some(kubeconfig) => named(kubeconfig, context).await?,
        None if context.is_some() => return Err(ConfigError::Absent),
        None => Config::incluster().map_err(|_| ConfigError::Absent)?,
    };
    config.connect_timeout = Some(TIMEOUT);
    config.read_timeout = Some(TIMEOUT);
    config.reset_reader_on_write = true;
    // The retries of kube-client go on for minutes: see `KubeReader::send`.
    config.default_retry = false;
    let address = config.cluster_url.to_string();
    let client = Client::try_from(config.clone()).map_err(|error| unusable(&error))?;
    Ok(Connection {
        client,
        address: address.trim_end_matches('/').to_owned(),
        context: names.unwrap_or_default(),
        config,
        watches: OnceCell::new(),
    })
}

/// The configuration of a context. The environment's proxy applies under the same conditions as for kubectl.
async fn named(kubeconfig: Kubeconfig, context: Option<String>) -> Result<Config, ConfigError> {
    let own_proxy = proxy::for_cluster(&kubeconfig, context.as_deref());
    let options = KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    config.proxy_url = match own_proxy {
        Some(proxy) => Some(proxy.parse().map_err(KubeconfigError::ParseProxyUrl)?),
        None => config
            .proxy_url
            .filter(|_| proxy::applies(&Matcher::from_env(), &config.cluster_url)),
    };
    Ok(config)
}

/// Reads `~/.kube/config`; `None` if it does not exist. A file that cannot be used is an error.
fn user_kubeconfig() -> Result<Option<Kubeconfig>, ConfigError> {
    match Kubeconfig::read() {
        Ok(kubeconfig) => Ok(Some(without_empty_context(kubeconfig))),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Merges a list of files. As in kubectl, the first file wins, and missing files are skipped, but one must exist.
fn merged(files: &Path) -> Result<Kubeconfig, ConfigError> {
    let mut merged = Ok(Kubeconfig::default());
    let mut is_first = true;
    for file in env::split_paths(files).filter(|file| !file.as_os_str().is_empty()) {
        match Kubeconfig::read_from(file) {
            Err(error) if is_missing(&error) => {
                merged = if is_first { Err(error) } else { merged };
            }
            read => {
                let kubeconfig = without_empty_context(read?);
                merged = Ok(merged.unwrap_or_default().merge(kubeconfig)?);
            }
        }
        is_first = false;
    }
    Ok(merged?)
}

fn is_missing(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::ReadConfig(error, _) => error.kind() == io::ErrorKind::NotFound,
        KubeconfigError::FindPath => true,
        _ => false,
    }
}

/// Removes an empty current context, which `kubectl config unset current-context` leaves.
fn without_empty_context(mut kubeconfig: Kubeconfig) -> Kubeconfig {
    kubeconfig.current_context = kubeconfig.current_context.filter(|name| !name.is_empty());
    kubeconfig
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn files(folder: &Path, texts: &[(&str, Option<&str>)]) -> PathBuf {
        let paths = texts.iter().map(|(name, text)| {
            let path = folder.join(name);
            if let Some(text) = text {
                fs::write(&path, text).unwrap();
            }
            path
        });
        env::join_paths(paths).unwrap().into()
    }

    #[test]
    fn missing_files_in_a_list_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        for texts in [
            [("none", None), ("one", Some("current-context: x"))],
            [("one", Some("current-context: x")), ("none", None)],
        ] {
            let merged = merged(&files(folder.path(), &texts)).unwrap();
            assert_eq!(merged.current_context.as_deref(), Some("x"));
        }
    }

    #[test]
    fn a_list_of_missing_files_is_an_error_with_the_first_name() {
        let folder = tempfile::tempdir().unwrap();
        let list = files(folder.path(), &[("first", None), ("second", None)]);
        let said = merged(&list).unwrap_err().to_string();
        assert!(said.contains("/first`: No such file"), "{said}");
    }

    #[test]
    fn an_empty_context_does_not_override_the_next_file() {
        let folder = tempfile::tempdir().unwrap();
        let texts = [
            ("unset", Some("current-context: \"\"")),
            ("set", Some("current-context: x")),
        ];
        let merged = merged(&files(folder.path(), &texts)).unwrap();
        assert_eq!(merged.current_context.as_deref(), Some("x"));
    }

    #[test]
    fn neither_an_error_nor_its_debug_form_quotes_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let list = files(
            folder.path(),
            &[("broken", Some("token: [open-sesame, {]"))],
        );
        let error = merged(&list).unwrap_err();
        assert!(error.to_string().contains("not valid YAML"), "{error}");
        assert!(!format!("{error:?}").contains("open-sesame"), "{error:?}");
    }
}
