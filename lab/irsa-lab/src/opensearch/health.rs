//! The state of the OpenSearch process behind a domain.

use std::sync::{Arc, OnceLock};

use irsa_components::opensearch::OpenSearch;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The state of a domain's server; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    domain: Arc<str>,
    ended: Arc<OnceLock<String>>,
}

/// A server and the task that watches it. Dropping it ends the server.
#[derive(Debug)]
pub(super) struct Watched {
    health: Health,
    /// Ends the watch when sent or dropped, which ends the server too.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Health {
    /// Returns the state of a running server.
    pub(super) fn new(domain: &str) -> Self {
        Self {
            domain: domain.into(),
            ended: Arc::default(),
        }
    }

    /// The domain's name.
    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the exit status of the server, if it has ended.
    pub(crate) fn ended(&self) -> Option<&str> {
        self.ended.get().map(String::as_str)
    }

    fn end(&self, reason: String) {
        tracing::error!(
            domain = self.domain(),
            "the domain's OpenSearch has ended, and the domain responds with 503 from now on: {reason}; restart the lab"
        );
        let _ = self.ended.set(reason);
    }
}

impl Watched {
    /// Watches a server whose data is in `folder`.
    pub(super) fn new(mut server: OpenSearch, folder: TempDir, health: &Health) -> Self {
        let (stop, stopped) = oneshot::channel();
        let seen = health.clone();
        let task = tokio::spawn(async move {
            tokio::select! {
                reason = server.ended() => seen.end(reason),
                _ = stopped => {
                    if let Err(error) = server.stop().await {
                        tracing::warn!(%error, domain = seen.domain(), "the domain's OpenSearch did not stop in time");
                    }
                }
            }
            // Deleted after the server has ended.
            drop(folder);
        });
        Self {
            health: health.clone(),
            stop,
            task,
        }
    }

    /// Stops the server and waits for its end.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::warn!(%error, domain = self.health.domain(), "the watch of OpenSearch failed");
        }
    }
}
