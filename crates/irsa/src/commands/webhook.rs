//! `irsa webhook`: injects the proxy into pods.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use irsa_cli::runtime;
use irsa_cli::signals::StopSignals;
use irsa_kube::KubeReader;
use irsa_net::drain::drain;
use irsa_net::limit::raise_open_files;
use irsa_net::process::harden_process;
use irsa_ops::admin::AdminServer;
use irsa_ops::health::Health;
use irsa_ops::logging::STOP;
use irsa_ops::metrics::Metrics;
use irsa_ops::status::{Status, StatusSource};
use irsa_webhook_server::WebhookServer;
use tokio::time::{sleep, timeout};

use crate::build;
use crate::cli::WebhookArgs;
use crate::exit::Failure;
use crate::proxy::metrics::register_process;
use crate::settings::{self, DrainSettings, Mistakes, WebhookSettings};

pub(crate) fn run(args: WebhookArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let settings = settings::webhook(args, mistakes)?;
    settings.logs.start()?;
    if let Err(error) = harden_process() {
        tracing::warn!(%error, "cannot disable core dumps");
    }
    runtime::run(serve(settings))
}

async fn serve(settings: WebhookSettings) -> Result<ExitCode, Failure> {
    raise_open_files().map_err(Failure::other)?;
    let mut signals = StopSignals::catch_stops()?;
    let connected =
        KubeReader::connect(settings.kubeconfig.as_deref(), settings.context.as_deref()).await;
    let reader = connected.map_err(|error| Failure::Other {
        message: error.to_string(),
        remedy: Some("run irsa in a pod, or set --kubeconfig".to_owned()),
    })?;
    let metrics = Metrics::new();
    register_process(&metrics);
    let admin = AdminServer::bind(settings.admin, None).await;
    let admin = admin.map_err(|error| Failure::Other {
        message: error.to_string(),
        remedy: Some(error.remedy()),
    })?;
    let health = Health::new();
    let (stop, watch) = drain();
    let started =
        WebhookServer::start(settings.server, reader, &metrics, health.clone(), watch).await;
    let mut server = started.map_err(|error| Failure::Other {
        message: error.to_string(),
        remedy: Some(error.remedy()),
    })?;
    let addresses = server.addresses().iter().map(ToString::to_string);
    let listen = addresses.collect::<Vec<_>>().join(", ");
    let addresses = admin.public_addresses().into_iter();
    let admin_addresses = addresses.map(|address| address.to_string());
    let admin_addresses = admin_addresses.collect::<Vec<_>>().join(", ");
    let (_admin_stop, admin_watch) = drain();
    tokio::spawn(admin.serve(health, metrics, Arc::new(NoStatus), || (), admin_watch));
    tracing::info!(
        version = build::VERSION,
        commit = build::COMMIT,
        listen,
        admin = admin_addresses,
        "started"
    );
    let signal = tokio::select! {
        signal = signals.received() => signal,
        () = server.ended() => return Err(Failure::other("a task of the webhook ended; see the log")),
    };
    tracing::info!(target: STOP, reason = signal.as_str(), "stopping");
    let stopping = async {
        server.retire();
        sleep(settings.drain.delay).await;
        stop.start();
        finished(&stop, &settings.drain).await;
    };
    tokio::select! {
        () = stopping => {}
        () = signals.interrupted() => {}
    }
    tracing::info!(target: STOP, "stopped");
    Ok(ExitCode::SUCCESS)
}

async fn finished(stop: &irsa_net::drain::Drain, settings: &DrainSettings) {
    let timeout_after: Duration = settings.timeout;
    if timeout(timeout_after, stop.finished()).await.is_err() {
        tracing::warn!("closing the remaining reviews");
    }
}

/// The webhook has no status page: it has no identity chain.
struct NoStatus;

impl StatusSource for NoStatus {
    fn status(&self) -> Status {
        Status {
            program: "irsa webhook".to_owned(),
            version: build::VERSION.to_owned(),
            at: SystemTime::UNIX_EPOCH,
            links: Vec::new(),
            facts: Vec::new(),
        }
    }
}
