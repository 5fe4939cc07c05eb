//! What is under way while other checks are made.

use std::future::Future;

use tokio::task::JoinHandle;

/// A look that goes on by itself; dropped, it ends.
#[derive(Debug)]
pub(super) struct Background<T> {
    task: Option<JoinHandle<T>>,
    outcome: Option<T>,
}

impl<T: Send + 'static> Background<T> {
    pub(super) fn start(look: impl Future<Output = T> + Send + 'static) -> Self {
        Self {
            task: Some(tokio::spawn(look)),
            outcome: None,
        }
    }

    /// What it came to, once it has; `None` if it was cut off. Waiting may be given up and taken up again.
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
