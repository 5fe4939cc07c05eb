//! The data thread, which runs listeners and sessions on a separate single-threaded runtime, so that an STS call or a
//! metrics scrape never delays a query.

use std::future::pending;
use std::thread::JoinHandle;

use irsa_net::drain::DrainWatch;
use irsa_net::listen::{BindError, Listener};
use irsa_ops::health::Health;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Listening;
use super::prepare::Prepared;
use crate::exit::Failure;

pub(super) struct DataPlane {
    thread: JoinHandle<()>,
    /// The thread exits when this is dropped.
    alive: oneshot::Sender<()>,
}

/// A listener and the index of its upstream.
struct Bound {
    prepared: usize,
    listener: Listener,
}

// === impl DataPlane ===

impl DataPlane {
    /// Starts the thread and binds all listeners, or none if one fails.
    pub(super) async fn start(
        prepared: Vec<Prepared>,
        drain: DrainWatch,
        terminate: DrainWatch,
        cut: DrainWatch,
        health: Health,
    ) -> Result<(Self, Vec<Listening>), Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::other(format!("cannot start the async runtime: {error}")))?;
        let (report, bound) = oneshot::channel();
        let (alive, ended) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("irsa-data".to_owned())
            .spawn(move || {
                let heartbeat = health.heartbeat("data");
                runtime.block_on(async {
                    tokio::spawn(async move { heartbeat.keep_beating().await });
                    let drained = drain.clone();
                    let accepting = run(prepared, drain, terminate, cut, report).await;
                    tokio::select! {
                        _ = ended => {}
                        () = watch(accepting, &drained, &health) => {}
                    }
                });
                // A DNS lookup that is still in progress must not delay the exit.
                runtime.shutdown_background();
            })
            .map_err(|error| Failure::other(format!("cannot start the data thread: {error}")))?;
        match bound.await {
            Ok(Ok(listening)) => Ok((Self { thread, alive }, listening)),
            Ok(Err(error)) => Err(Failure::Other {
                message: error.to_string(),
                remedy: Some(error.remedy()),
            }),
            Err(_) => Err(Failure::other("the data thread exited before it listened")),
        }
    }

    /// Stops the thread, which ends all remaining sessions.
    pub(super) async fn end(self) {
        drop(self.alive);
        let _ = tokio::task::spawn_blocking(move || self.thread.join()).await;
    }
}

async fn run(
    prepared: Vec<Prepared>,
    drain: DrainWatch,
    terminate: DrainWatch,
    cut: DrainWatch,
    report: oneshot::Sender<Result<Vec<Listening>, BindError>>,
) -> JoinSet<()> {
    let mut accepting = JoinSet::new();
    let bound = match bind(&prepared).await {
        Ok(bound) => bound,
        Err(error) => {
            let _ = report.send(Err(error));
            return accepting;
        }
    };
    let _ = report.send(Ok(listening(&prepared, &bound)));
    for Bound {
        prepared: index,
        listener,
    } in bound
    {
        let upstream = &prepared[index];
        let (drain, terminate, cut) = (drain.clone(), terminate.clone(), cut.clone());
        accepting.spawn(upstream.serve(listener, drain, terminate, cut));
    }
    accepting
}

/// Reports a listener that fails before the drain starts. New clients cannot connect to it, and only a restart helps.
/// Never returns.
async fn watch(mut accepting: JoinSet<()>, drain: &DrainWatch, health: &Health) {
    while accepting.join_next().await.is_some() {
        if !drain.is_signaled() {
            health.fail("a listener failed and no longer accepts connections");
            tracing::error!(
                "a listener failed and no longer accepts connections; /livez returns 503"
            );
        }
    }
    pending::<()>().await;
}

async fn bind(prepared: &[Prepared]) -> Result<Vec<Bound>, BindError> {
    let mut bound = Vec::new();
    for (index, upstream) in prepared.iter().enumerate() {
        for address in &upstream.listen {
            let listener = Listener::bind(address, upstream.listen_options.clone()).await?;
            bound.push(Bound {
                prepared: index,
                listener,
            });
        }
    }
    Ok(bound)
}

fn listening(prepared: &[Prepared], bound: &[Bound]) -> Vec<Listening> {
    let listening = |bound: &Bound| {
        let upstream = &prepared[bound.prepared];
        let addresses = bound.listener.local_addresses();
        addresses.into_iter().map(move |address| Listening {
            upstream: upstream.name.clone(),
            kind: upstream.kind,
            address,
        })
    };
    bound.iter().flat_map(listening).collect()
}
