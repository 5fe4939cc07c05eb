//! `irsa proxy`: serves the data stores.

mod reload;

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;
use std::time::Instant;

use irsa_net::listen::ListenAddress;
use irsa_net::process::harden_process;
use irsa_ops::logging::STOP;
use irsa_ops::metrics::Metrics;
use serde_json::json;

use self::reload::Reloads;
pub(super) use self::reload::{Reloader, ServedArgs, watched_files};
use crate::build;
use crate::cli::{Output, ProxyArgs, Values};
use crate::exit::Failure;
use crate::output;
use crate::proxy::{self, Proxy, StoreKind};
use crate::settings::{self, DefaultListeners, Mistakes, ProxySettings};
use irsa_cli::runtime;
use irsa_cli::signals::{Hangup, StopSignal, StopSignals};

pub(crate) fn run(
    args: ProxyArgs,
    mistakes: Mistakes,
    values: Values,
) -> Result<ExitCode, Failure> {
    let files = watched_files(&args.common);
    let common = args.common.clone();
    let settings = settings::proxy(
        &args.upstreams,
        common,
        DefaultListeners::Standard,
        mistakes,
    )?;
    start_logging(&settings, harden_process)?;
    let is_terminal = stdout().is_terminal();
    let is_text = is_terminal || settings.logs.is_text();
    let output = args
        .output
        .unwrap_or(if is_text { Output::Text } else { Output::Json });
    let longest_stop = proxy::longest_stop(&settings.drain);
    runtime::run(async {
        let mut signals = StopSignals::catch(Some(longest_stop), Hangup::for_process())?;
        let proxy = tokio::select! {
            proxy = Proxy::start(settings) => proxy?,
            reason = stop_signal(&mut signals) => {
                stopping(reason);
                return Ok(ExitCode::SUCCESS);
            }
        };
        let addresses = match output {
            Output::Json => as_json(&proxy),
            Output::Text => as_text(&proxy, is_terminal),
        };
        log_start(&proxy);
        // The proxy is up even if no one reads the addresses: a full pipe must not block it.
        tokio::task::spawn_blocking(move || output::line(&addresses));
        let reloader = Reloader::new(&proxy, args.into(), values, files);
        run_until_stopped(&proxy, &mut signals, reloader).await;
        let stopping = Instant::now();
        proxy.stop(signals.interrupted()).await;
        let duration_seconds = stopping.elapsed().as_secs_f64();
        tracing::info!(target: STOP, duration_seconds, "stopped");
        Ok::<_, Failure>(ExitCode::SUCCESS)
    })
}

/// Logs the start: the version, the identity and the addresses.
fn log_start(proxy: &Proxy) {
    let listeners = proxy.listeners().iter();
    let listeners: Vec<_> = listeners
        .map(|one| format!("{} -> {}", one.address, one.upstream))
        .collect();
    let joined = |addresses: &[ListenAddress]| -> String {
        let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        texts.join(", ")
    };
    let source = proxy.identity_source();
    tracing::info!(
        version = build::VERSION,
        commit = build::COMMIT,
        identity_source = source.name(),
        role = source.role_arn().map(tracing::field::display),
        listeners = listeners.join(", "),
        admin = joined(proxy.admin_addresses()),
        status = joined(proxy.status_addresses()),
        "started"
    );
}

/// Registers the metric of reloads, for the documentation.
pub(super) fn register_reloads(metrics: &Metrics) {
    drop(Reloads::register(metrics));
}

/// Starts logging, and keeps secrets out of core dumps with `harden`.
pub(super) fn start_logging(
    settings: &ProxySettings,
    harden: fn() -> std::io::Result<()>,
) -> Result<(), Failure> {
    settings.logs.start()?;
    if let Err(error) = harden() {
        tracing::warn!(%error, "cannot disable core dumps");
    }
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Reloads settings until a signal or `/quitquitquit` stops the proxy. SIGHUP stops it only if its terminal was closed.
async fn run_until_stopped(proxy: &Proxy, signals: &mut StopSignals, mut reloader: Reloader) {
    loop {
        tokio::select! {
            signal = signals.received() => match signal {
                StopSignal::Hangup if signals.hangup() == Hangup::Reload => reloader.reload().await,
                signal => return stopping(signal.as_str()),
            },
            () = reloader.due() => reloader.check_files().await,
            () = proxy.quit_requested() => return stopping("/quitquitquit"),
        }
    }
}

/// Returns the name of the next signal that stops the proxy. A reload is ignored while the proxy starts, because its
/// settings have just been read.
async fn stop_signal(signals: &mut StopSignals) -> &'static str {
    loop {
        let signal = signals.received().await;
        if signal != StopSignal::Hangup || signals.hangup() == Hangup::Stop {
            return signal.as_str();
        }
    }
}

fn stopping(reason: &str) {
    tracing::info!(target: STOP, reason, "stopping");
}

fn as_json(proxy: &Proxy) -> String {
    let texts = |addresses: &[ListenAddress]| -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    };
    let listening = proxy.listeners().iter().map(|listening| {
        json!({ "upstream": listening.upstream, "address": listening.address.to_string() })
    });
    json!({
        "listening": listening.collect::<Vec<_>>(),
        "admin": texts(proxy.admin_addresses()),
        "status": texts(proxy.status_addresses()),
    })
    .to_string()
}

/// Formats the addresses as text. On a terminal, it adds how to connect and how to stop.
fn as_text(proxy: &Proxy, terminal: bool) -> String {
    let listeners = proxy.listeners().iter();
    let mut lines: Vec<String> = listeners
        .map(|listening| format!("{} -> {}", listening.address, listening.upstream))
        .collect();
    lines.extend(
        proxy
            .admin_addresses()
            .iter()
            .map(|address| format!("{address} -> /metrics")),
    );
    lines.extend(
        proxy
            .status_addresses()
            .iter()
            .map(|address| format!("{address} -> /status")),
    );
    if terminal {
        let kinds = [StoreKind::Postgres, StoreKind::OpenSearch];
        lines.extend(
            kinds
                .into_iter()
                .filter_map(|kind| example(kind, proxy.first(kind)?)),
        );
        lines.push(
            "press Ctrl-C to stop, and again to close the remaining sessions immediately"
                .to_owned(),
        );
    }
    lines.join("\n")
}

/// Returns a command that connects to an address.
fn example(kind: StoreKind, address: &ListenAddress) -> Option<String> {
    let (host, port) = match address {
        ListenAddress::Tcp(address) => (address.ip().to_string(), address.port()),
        ListenAddress::Loopback { port } => ("localhost".to_owned(), *port),
        ListenAddress::Unix(_) => return None,
    };
    Some(match kind {
        StoreKind::Postgres => {
            format!("for example: psql --host {host} --port {port} --username USER DATABASE")
        }
        StoreKind::OpenSearch => format!("for example: curl http://{address}/_cluster/health"),
    })
}
