//! Reading the settings again while the proxy runs: all of them at SIGHUP, and files with certificates and passwords when
//! their content changes. A mistake keeps everything as it was.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use irsa_ops::metrics::Metrics;
use irsa_ops::metrics::prometheus_client::metrics::counter::Counter;
use irsa_ops::metrics::prometheus_client::metrics::family::Family;
use tokio::task::spawn_blocking;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::watched_files::WatchedFiles;
use crate::cli::{Command, Parsed, ProxyArgs, Values, parse_again};
use crate::proxy::{Live, Proxy};
use crate::settings::{self, Mistakes, Ports, ProxySettings, shown};

/// The time between two looks at the files.
const CHECK_PERIOD: Duration = Duration::from_secs(5);

/// The settings that take effect without a restart, as long as they were set before and still are.
const LIVE: [&str; 7] = [
    "ca-file",
    "client-ca",
    "client-cert-users",
    "client-passwords",
    "log-level",
    "tls-cert",
    "tls-key",
];

pub(super) struct Reloader {
    live: Arc<Live>,
    /// What was typed and what the settings file said, as it was last read without a mistake.
    args: ProxyArgs,
    /// The values that are in effect.
    values: Values,
    files: WatchedFiles,
    checks: Interval,
    reloads: Reloads,
}

/// Settings that were read without a mistake.
struct Fresh {
    args: ProxyArgs,
    values: Values,
    settings: ProxySettings,
    files: WatchedFiles,
}

/// How often settings were read again.
pub(super) struct Reloads(Family<[(&'static str, &'static str); 1], Counter>);

// === impl Reloader ===

impl Reloader {
    /// `files` are those of `args`, as they were before the proxy read them.
    pub(super) fn new(proxy: &Proxy, args: ProxyArgs, values: Values, files: WatchedFiles) -> Self {
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

    /// Returns when it is time for [`Reloader::check_files`].
    pub(super) async fn due(&mut self) {
        if self.files.is_empty() {
            std::future::pending::<()>().await;
        }
        self.checks.tick().await;
    }

    /// Reads all settings again.
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

    /// Reads certificates, keys and passwords again, if the content of one of their files has changed.
    pub(super) async fn check_files(&mut self) {
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
            let fresh = read(args, Mistakes::default())?;
            replace(&live, &fresh)
        });
        match fresh.await {
            Ok(()) => {
                self.reloads.count("ok");
                tracing::info!(files = listed(&changed), "changed files read again");
            }
            Err(mistakes) => self.keep(&mistakes, "files"),
        }
    }

    /// Goes on with settings that are in effect as far as they can be without a restart.
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
                "settings reloaded; changes of some take effect only after a restart"
            );
        }
    }

    fn keep(&self, mistakes: &[String], what: &str) {
        self.reloads.count("failed");
        for mistake in mistakes {
            tracing::error!("{what} not reloaded, and nothing has changed: {mistake}");
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
    read.unwrap_or_else(|_| Err(vec!["an internal error, which is in the log".to_owned()]))
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
    let files = WatchedFiles::for_proxy(&args);
    let settings = read(args.clone(), mistakes)?;
    Ok(Fresh {
        args,
        values,
        settings,
        files,
    })
}

fn read(args: ProxyArgs, mistakes: Mistakes) -> Result<ProxySettings, Vec<String>> {
    let settings = settings::proxy(&args.upstreams, args.common, Ports::Usual, mistakes);
    settings.map_err(|mistakes| mistakes.sentences().to_vec())
}

/// Returns the keys whose changed values take effect now, and those that need a restart.
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
                "Times that settings or changed files were read again, by result",
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
    fn tells_what_takes_effect_from_what_needs_a_restart() {
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
