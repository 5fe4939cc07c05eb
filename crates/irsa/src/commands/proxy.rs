//! `irsa proxy`: the main job.

use std::process::ExitCode;

use irsa_net::process::harden_process;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::runtime;
use crate::cli::{Output, ProxyArgs};
use crate::exit::Failure;
use crate::output;
use crate::proxy::Proxy;
use crate::settings::{self, LogSettings};

pub(crate) fn run(args: ProxyArgs) -> Result<ExitCode, Failure> {
    let settings = settings::proxy(&args.upstreams, args.common)?;
    start_logging(&settings.logs)?;
    runtime::control()?.block_on(async {
        let proxy = Proxy::start(settings).await?;
        output::line(&announcement(&proxy, args.output));
        until_told_to_stop(&proxy).await?;
        proxy.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Logs from here on, and keeps secrets out of core files.
pub(super) fn start_logging(logs: &LogSettings) -> Result<(), Failure> {
    irsa_ops::logging::init(logs.format, &logs.level).map_err(Failure::other)?;
    if let Err(error) = harden_process() {
        tracing::warn!(%error, "core dumps could not be turned off");
    }
    Ok(())
}

/// Returns at SIGTERM, SIGINT or `/quitquitquit`.
async fn until_told_to_stop(proxy: &Proxy) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::other)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::other)?;
    let reason = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        () = proxy.asked_to_quit() => "/quitquitquit",
    };
    tracing::info!(reason, "stopping");
    Ok(())
}

fn announcement(proxy: &Proxy, output: Output) -> String {
    match output {
        Output::Json => {
            let listening: Vec<_> = proxy
                .listeners()
                .iter()
                .map(|listening| {
                    json!({
                        "upstream": listening.upstream,
                        "address": listening.address.to_string(),
                    })
                })
                .collect();
            let admin: Vec<_> = proxy.admin_addresses().iter().map(ToString::to_string).collect();
            json!({ "listening": listening, "admin": admin }).to_string()
        }
        Output::Text => {
            let lines: Vec<_> = proxy
                .listeners()
                .iter()
                .map(|listening| format!("{} -> {}", listening.address, listening.upstream))
                .collect();
            lines.join("\n")
        }
    }
}
