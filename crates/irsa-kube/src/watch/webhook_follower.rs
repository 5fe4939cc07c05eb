//! Follows one configuration of mutating admission webhooks.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

use super::Timing;
use super::reflector::{Mirror, Reflector, Watched};
use crate::webhook_configurations::{WEBHOOKS, WEBHOOKS_PATH};
use crate::{KubeReader, ReadError, WebhookConfiguration};

/// The current version of a configuration of mutating admission webhooks.
#[derive(Debug, Clone)]
pub struct WebhookFollower {
    state: watch::Receiver<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The first list is complete.
    is_known: bool,
    configuration: Option<Arc<WebhookConfiguration>>,
    error: Option<ReadError>,
}

impl KubeReader {
    /// Follows the configuration with this name. The task does not end by itself. Its permissions are `list` and `watch`
    /// for this object.
    pub fn follow_webhook_configuration(
        &self,
        name: &str,
    ) -> (WebhookFollower, impl Future<Output = ()> + Send + use<>) {
        follow(self, name, Timing::USUAL)
    }
}

pub(super) fn follow(
    reader: &KubeReader,
    name: &str,
    timing: Timing,
) -> (WebhookFollower, impl Future<Output = ()> + Send + use<>) {
    let (sender, receiver) = watch::channel(State::default());
    let watched = Watched {
        resource: WEBHOOKS,
        path: WEBHOOKS_PATH,
        name: Some(name.to_owned()),
        is_metadata: false,
    };
    let mirror = FollowerMirror {
        state: sender,
        list: None,
    };
    let follower = WebhookFollower { state: receiver };
    (
        follower,
        Reflector::new(reader, watched, timing).run(mirror),
    )
}

// === impl WebhookFollower ===

impl WebhookFollower {
    /// The current version; `None` if it does not exist or is not known yet.
    pub fn current(&self) -> Option<Arc<WebhookConfiguration>> {
        self.state.borrow().configuration.clone()
    }

    /// Waits until the configuration is known, is changed or is deleted, and returns its current version; `None` if it
    /// does not exist.
    pub async fn changed(&mut self) -> Option<Arc<WebhookConfiguration>> {
        if self.state.changed().await.is_err() {
            pending::<()>().await;
        }
        self.state.borrow_and_update().configuration.clone()
    }

    /// The reason why the configuration cannot be followed, if the last attempt failed.
    pub fn error(&self) -> Option<ReadError> {
        self.state.borrow().error.clone()
    }
}

/// Applies lists and watches to the state; notifies only if the configuration has changed.
struct FollowerMirror {
    state: watch::Sender<State>,
    list: Option<WebhookConfiguration>,
}

impl FollowerMirror {
    fn replace(&self, configuration: Option<WebhookConfiguration>) {
        self.state.send_if_modified(|state| {
            let is_new =
                !state.is_known || state.configuration.as_deref() != configuration.as_ref();
            state.is_known = true;
            if is_new {
                state.configuration = configuration.map(Arc::new);
            }
            is_new
        });
    }

    fn note(&self, error: Option<ReadError>) {
        self.state.send_if_modified(|state| {
            state.error = error;
            false
        });
    }
}

impl Mirror for FollowerMirror {
    type Object = WebhookConfiguration;

    fn list_started(&mut self) {
        self.list = None;
    }

    fn listed(&mut self, object: WebhookConfiguration) {
        self.list = Some(object);
    }

    fn list_completed(&mut self) {
        let list = self.list.take();
        self.replace(list);
    }

    fn connected(&mut self) {
        self.note(None);
    }

    fn heard(&mut self) {}

    fn set(&mut self, object: WebhookConfiguration) {
        self.replace(Some(object));
    }

    fn deleted(&mut self, _: &WebhookConfiguration) {
        self.replace(None);
    }

    fn disconnected(&mut self, error: Option<ReadError>) {
        if error.is_some() {
            self.note(error);
        }
    }
}
