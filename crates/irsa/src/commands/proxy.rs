//! `irsa proxy`: the main job.

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

use irsa_net::listen::ListenAddress;
use irsa_net::process::harden_process;
use irsa_ops::logging::STOP;
use serde_json::json;

use crate::cli::{Output, ProxyArgs};
use crate::exit::Failure;
use crate::output;
use crate::proxy::{self, Kind, Proxy};
use crate::settings::{self, Mistakes, Ports, ProxySettings};
use irsa_cli::runtime;
use irsa_cli::signals::StopSignals;

pub(crate) fn run(args: ProxyArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let settings = settings::proxy(&args.upstreams, args.common, Ports::Usual, mistakes)?;
    start_logging(&settings, harden_process)?;
    let longest_stop = proxy::longest_stop(&settings.drain);
    runtime::run(async {
        let mut signals = StopSignals::catch(Some(longest_stop))?;
        let proxy = tokio::select! {
            proxy = Proxy::start(settings) => proxy?,
            signal = signals.received() => {
                stopping(signal.as_str());
                return Ok(ExitCode::SUCCESS);
            }
        };
        let addresses = match args.output {
            Output::Json => for_programs(&proxy),
            Output::Text => for_people(&proxy, stdout().is_terminal()),
        };
        // The proxy is up, whether or not anyone reads where: a full pipe must not block it.
        tokio::task::spawn_blocking(move || output::line(&addresses));
        until_told_to_stop(&proxy, &mut signals).await;
        proxy.stop(signals.interrupted()).await;
        Ok::<_, Failure>(ExitCode::SUCCESS)
    })
}

/// Logs from here on, and keeps secrets out of core files by `harden`.
pub(super) fn start_logging(
    settings: &ProxySettings,
    harden: fn() -> std::io::Result<()>,
) -> Result<(), Failure> {
    settings.logs.start()?;
    if let Err(error) = harden() {
        tracing::warn!(%error, "core dumps could not be turned off");
    }
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Returns at SIGTERM, SIGINT or `/quitquitquit`.
async fn until_told_to_stop(proxy: &Proxy, signals: &mut StopSignals) {
    let reason = tokio::select! {
        signal = signals.received() => signal.as_str(),
        () = proxy.asked_to_quit() => "/quitquitquit",
    };
    stopping(reason);
}

fn stopping(reason: &str) {
    tracing::info!(target: STOP, reason, "stopping");
}

fn for_programs(proxy: &Proxy) -> String {
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

/// On a terminal with what to do next.
fn for_people(proxy: &Proxy, terminal: bool) -> String {
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
        let kinds = [Kind::Postgres, Kind::OpenSearch];
        lines.extend(
            kinds
                .into_iter()
                .filter_map(|kind| example(kind, proxy.first(kind)?)),
        );
        lines.push(
            "Ctrl-C stops it, and a second one cuts the sessions that are still there".to_owned(),
        );
    }
    lines.join("\n")
}

/// How to try an address.
fn example(kind: Kind, address: &ListenAddress) -> Option<String> {
    let (host, port) = match address {
        ListenAddress::Tcp(address) => (address.ip().to_string(), address.port()),
        ListenAddress::Loopback { port } => ("localhost".to_owned(), *port),
        ListenAddress::Unix(_) => return None,
    };
    Some(match kind {
        Kind::Postgres => {
            format!("for instance: psql --host {host} --port {port} --username USER DATABASE")
        }
        Kind::OpenSearch => format!("for instance: curl http://{address}/_cluster/health"),
    })
}
