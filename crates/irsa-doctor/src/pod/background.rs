//! Probes that run while other checks are made.

use std::future::Future;

use tokio::task::JoinHandle;

/// A probe that runs in a separate task, which is aborted when this is dropped.
#[derive(Debug)]
pub(super) struct Background<T> {
    task: Option<JoinHandle<T>>,
    outcome: Option<T>,
}

impl<T: Send + 'static> Background<T> {
    pub(super) fn start(probe: impl Future<Output = T> + Send + 'static) -> Self {
        Self {
            task: Some(tokio::spawn(probe)),
            outcome: None,
        }
    }

    /// Waits for the result; `None` if the probe was cancelled. The future can be dropped and the call repeated.
    pub(super) async fn outcome(&mut self) -> Option<&mut T> {
        if let Some(task) = &mut self.task {
            let ended = task.await;
            self.task = None;
            self.outcome = ended.ok();
        }
        self.outcome.as_mut()
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
