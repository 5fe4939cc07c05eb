//! The service account and the namespace of a pod.

use std::time::Duration;

use irsa_kube::ObjectCache;
use irsa_kube::{CacheStatus, CachedKind, KubeReader, Metadata, ReadError};
use irsa_ops::log_limit::LogLimit;
use irsa_sidecar::names;
use irsa_webhook::{Facts, Lookup, Object};
use tokio::task::JoinSet;

/// The maximum time to read an object that is not in the cache. A service account that was created together with its pod
/// may not have arrived in the cache.
const LONGEST_READ: Duration = Duration::from_secs(1);
/// The prefix of the labels and annotations of EKS.
const EKS: &str = "eks.amazonaws.com/";

/// Caches of all service accounts and namespaces. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct ObjectLookup {
    accounts: ObjectCache,
    namespaces: ObjectCache,
}

impl ObjectLookup {
    /// Starts the caches.
    pub(crate) fn start(reader: &KubeReader, tasks: &mut JoinSet<()>) -> Self {
        let mut start = |kind| {
            let (cache, task) = reader.cache(kind, is_read);
            tasks.spawn(task);
            cache
        };
        let lookup = Self {
            accounts: start(CachedKind::ServiceAccounts),
            namespaces: start(CachedKind::Namespaces),
        };
        for (kind, cache) in lookup.caches() {
            tasks.spawn(log_errors(kind, cache.clone()));
        }
        lookup
    }

    /// Waits until both caches have their first list.
    pub(crate) async fn wait_until_warm(&self) {
        tokio::join!(
            self.accounts.wait_until_warm(),
            self.namespaces.wait_until_warm()
        );
    }

    /// Returns the state of each cache, by the kind of its objects.
    pub(crate) fn statuses(&self) -> [(&'static str, CacheStatus); 2] {
        self.caches().map(|(kind, cache)| (kind, cache.status()))
    }

    fn caches(&self) -> [(&'static str, &ObjectCache); 2] {
        [
            ("serviceaccounts", &self.accounts),
            ("namespaces", &self.namespaces),
        ]
    }

    /// Looks up both objects, and reads those that the caches do not have.
    pub(crate) async fn facts(&self, namespace: &str, account: &str, time: Duration) -> Facts {
        let limit = time.min(LONGEST_READ);
        let (found, in_namespace) = tokio::join!(
            self.accounts.get_or_read(namespace, account, limit),
            self.namespaces.get_or_read("", namespace, limit),
        );
        let service_account = found_or_failed(found.map(|found| found.map(|one| object(&one))));
        let namespace = found_or_failed(in_namespace.map(|found| found.map(|one| object(&one))));
        Facts {
            service_account,
            namespace,
            is_required: false,
        }
    }

    /// Looks up both objects in the caches only. An object that they do not have counts as failed.
    pub(crate) fn cached_facts(&self, namespace: &str, account: &str) -> Facts {
        let lookup = |found: Option<std::sync::Arc<Metadata>>| match found {
            Some(found) => Lookup::Found(object(&found)),
            None => Lookup::Failed("not in the cache".to_owned()),
        };
        Facts {
            service_account: lookup(self.accounts.get(namespace, account)),
            namespace: lookup(self.namespaces.get("", namespace)),
            is_required: false,
        }
    }
}

/// Logs why a cache cannot be filled or kept current. Until the first list is complete, the webhook is not ready.
async fn log_errors(kind: &'static str, mut cache: ObjectCache) {
    let log = LogLimit::default();
    loop {
        cache.changed().await;
        let Some(error) = cache.status().error else {
            continue;
        };
        if let Some(suppressed) = log.may_log(kind) {
            tracing::warn!(kind, %error, suppressed, "cannot watch objects; retrying");
        }
    }
}

/// The facts for a review that depends on none.
pub(crate) fn no_facts() -> Facts {
    Facts {
        service_account: Lookup::Absent,
        namespace: Lookup::Absent,
        is_required: false,
    }
}

/// Returns whether the webhook reads labels and annotations with this key.
fn is_read(key: &str) -> bool {
    key.starts_with(names::PREFIX) || key.starts_with(EKS)
}

fn object(metadata: &Metadata) -> Object {
    Object {
        labels: metadata.labels.clone(),
        annotations: metadata.annotations.clone(),
    }
}

fn found_or_failed(result: Result<Option<Object>, ReadError>) -> Lookup {
    match result {
        Ok(Some(object)) => Lookup::Found(object),
        Ok(None) => Lookup::Absent,
        Err(error) => Lookup::Failed(error.to_string()),
    }
}
