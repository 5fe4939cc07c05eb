//! Reloads settings while the proxy runs: all of them on SIGHUP, and certificate and password files when their content
//! changes. If there is a mistake, nothing changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use irsa_net::watched_files::WatchedFiles;
use irsa_ops::metrics::Metrics;
use irsa_ops::metrics::prometheus_client::metrics::counter::Counter;
use irsa_ops::metrics::prometheus_client::metrics::family::Family;
use tokio::task::spawn_blocking;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::cli::{Command, Parsed, ProxyArgs, ServeArgs, Values, parse_again};
use crate::proxy::{Live, Proxy};
use crate::settings::{self, DefaultListeners, Mistakes, PrivateFolder, ProxySettings, shown};

/// The interval at which the files are checked.
const CHECK_PERIOD: Duration = Duration::from_secs(5);

/// Settings that take effect without a restart, if they were set before and still are.
const LIVE: [&str; 7] = [
    "ca-file",
    "client-ca",
    "client-cert-users",
    "client-passwords",
    "log-level",
    "tls-cert",
    "tls-key",
];

pub(crate) struct Reloader {
    live: Arc<Live>,
    /// The command line and the configuration file, as last read without a mistake.
    args: ServedArgs,
    /// The values in effect.
    values: Values,
    files: WatchedFiles,
    checks: Interval,
    reloads: Reloads,
}

/// The arguments of a command that runs a proxy.
#[derive(Debug, Clone)]
pub(crate) struct ServedArgs {
    pub(crate) upstreams: Vec<String>,
    pub(crate) common: ServeArgs,
    /// Whether the command is `irsa exec`, whose listeners are private.
    pub(crate) is_exec: bool,
}

/// Settings that were read without a mistake.
struct Fresh {
    args: ServedArgs,
    values: Values,
    settings: ProxySettings,
    files: WatchedFiles,
}

/// The metric of reloads.
pub(super) struct Reloads(Family<[(&'static str, &'static str); 1], Counter>);

// === impl Reloader ===

impl Reloader {
    /// Creates a reloader. `files` are the files of `args`, fingerprinted before the proxy read them.
    pub(crate) fn new(
        proxy: &Proxy,
        args: ServedArgs,
        values: Values,
        files: WatchedFiles,
    ) -> Self {
        let mut checks = interval(CHECK_PERIOD);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            live: Arc::clone(proxy.live()),
            files,
            args,
            values,
            checks,
            reloads: Reloads::register(proxy.metrics()),
        }
    }

    /// Waits until [`Reloader::check_files`] is due.
    pub(crate) async fn due(&mut self) {
        if self.files.is_empty() {
            std::future::pending::<()>().await;
        }
        self.checks.tick().await;
    }

    /// Reloads all settings.
    pub(super) async fn reload(&mut self) {
        let live = Arc::clone(&self.live);
        let fresh = in_background(move || {
            let fresh = read_again()?;
            replace(&live, &fresh.settings)?;
            Ok(fresh)
        });
        match fresh.await {
            Ok(fresh) => self.adopt(fresh),
            Err(mistakes) => self.keep(&mistakes, "settings"),
        }
    }

    /// Reloads certificates, keys and passwords, if the content of one of their files has changed.
    pub(crate) async fn check_files(&mut self) {
        let mut files = std::mem::take(&mut self.files);
        let checked = spawn_blocking(move || (files.changed(), files)).await;
        let Ok((changed, files)) = checked else {
            return;
        };
        self.files = files;
        if changed.is_empty() {
            return;
        }
        let (live, args) = (Arc::clone(&self.live), self.args.clone());
        let fresh = in_background(move || {
            let fresh = read(&args, Mistakes::default())?;
            replace(&live, &fresh)
        });
        match fresh.await {
            Ok(()) => {
                self.reloads.count("ok");
                tracing::info!(files = listed(&changed), "changed files reloaded");
            }
            Err(mistakes) => self.keep(&mistakes, "files"),
        }
    }

    /// Adopts new settings, as far as they can take effect without a restart.
    fn adopt(&mut self, fresh: Fresh) {
        fresh.settings.logs.apply_level();
        let (changed, restart) = compare(&self.values, &fresh.values);
        for key in &changed {
            let value = fresh.values.get(key).cloned().unwrap_or_default();
            self.values.insert(key.clone(), value);
        }
        self.files = fresh.files;
        self.args = fresh.args;
        self.reloads.count("ok");
        let changed = changed.join(", ");
        if restart.is_empty() {
            tracing::info!(changed, "settings reloaded");
        } else {
            let needs_restart = restart.join(", ");
            tracing::warn!(
                changed,
                needs_restart,
                "settings reloaded; some changes require a restart"
            );
        }
    }

    fn keep(&self, mistakes: &[String], what: &str) {
        self.reloads.count("failed");
        for mistake in mistakes {
            tracing::error!("cannot reload {what}; the previous ones stay in effect: {mistake}");
        }
    }
}

fn replace(live: &Live, fresh: &ProxySettings) -> Result<(), Vec<String>> {
    let replaced = live.replace(fresh);
    replaced.map_err(|error| vec![error.to_string()])
}

async fn in_background<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Vec<String>> + Send + 'static,
) -> Result<T, Vec<String>> {
    let read = spawn_blocking(read).await;
    read.unwrap_or_else(|_| Err(vec!["internal error; see the log".to_owned()]))
}

/// The certificate, key and password files of a proxy.
pub(crate) fn watched_files(args: &ServeArgs) -> WatchedFiles {
    let clients = &args.clients;
    let files = [
        &args.identity.ca_file,
        &clients.tls_cert,
        &clients.tls_key,
        &clients.client_ca,
        &clients.client_passwords,
        &clients.client_cert_users,
    ];
    WatchedFiles::new(files.into_iter().flatten().cloned())
}

fn read_again() -> Result<Fresh, Vec<String>> {
    let Parsed {
        cli,
        mistakes,
        values,
        ..
    } = parse_again().map_err(|problem| vec![problem])?;
    let Command::Proxy(args) = cli.command else {
        return Err(vec!["the command is no longer `irsa proxy`".to_owned()]);
    };
    let args = ServedArgs::from(args);
    let files = watched_files(&args.common);
    let settings = read(&args, mistakes)?;
    Ok(Fresh {
        args,
        values,
        settings,
        files,
    })
}

fn read(args: &ServedArgs, mistakes: Mistakes) -> Result<ProxySettings, Vec<String>> {
    let mut folder = PrivateFolder::default();
    let listeners = if args.is_exec {
        DefaultListeners::Private(&mut folder)
    } else {
        DefaultListeners::Standard
    };
    let settings = settings::proxy(&args.upstreams, args.common.clone(), listeners, mistakes);
    settings.map_err(|mistakes| mistakes.sentences().to_vec())
}

/// Returns the changed keys that take effect immediately, and those that require a restart.
fn compare(current: &Values, fresh: &Values) -> (Vec<String>, Vec<String>) {
    let keys: std::collections::BTreeSet<_> = current.keys().chain(fresh.keys()).collect();
    let differing = keys
        .into_iter()
        .filter(|key| current.get(*key) != fresh.get(*key));
    let is_live = |key: &&String| {
        let is_set = |values: &Values| values.get(*key).is_some();
        LIVE.contains(&key.as_str()) && is_set(current) == is_set(fresh)
    };
    differing.cloned().partition(|key| is_live(&key))
}

fn listed(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| shown(file)).collect();
    names.join(", ")
}

// === impl ServedArgs ===

impl From<ProxyArgs> for ServedArgs {
    fn from(args: ProxyArgs) -> Self {
        Self {
            upstreams: args.upstreams,
            common: args.common,
            is_exec: false,
        }
    }
}

// === impl Reloads ===

impl Reloads {
    pub(super) fn register(metrics: &Metrics) -> Self {
        let reloads = Self(Family::default());
        for result in ["ok", "failed"] {
            drop(reloads.0.get_or_create(&[("result", result)]));
        }
        metrics.register(|registry| {
            registry.register(
                "config_reloads",
                "Reloads of settings and of changed files, by result",
                reloads.0.clone(),
            );
        });
        reloads
    }

    fn count(&self, result: &'static str) {
        self.0.get_or_create(&[("result", result)]).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let value = |(key, value): &(&str, &str)| ((*key).to_owned(), vec![(*value).into()]);
        pairs.iter().map(value).collect()
    }

    #[test]
    fn separates_live_changes_from_those_that_need_a_restart() {
        let current = values(&[
            ("log-level", "info"),
            ("ca-file", "a"),
            ("region", "x"),
            ("role", "r"),
        ]);
        let fresh = values(&[
            ("log-level", "debug"),
            ("client-ca", "c"),
            ("ca-file", "a"),
            ("region", "y"),
        ]);
        let (changed, restart) = compare(&current, &fresh);
        assert_eq!(changed, ["log-level"]);
        assert_eq!(restart, ["client-ca", "region", "role"]);
    }
}
