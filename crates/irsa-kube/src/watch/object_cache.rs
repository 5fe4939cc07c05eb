//! A cache of the metadata of all objects of a kind.

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::Timing;
use super::contents::Contents;
use super::reflector::{Mirror, Reflector, Watched};
use crate::api_request::{ApiRequest, METADATA, encoded};
use crate::reader::{parse, rule};
use crate::{KubeReader, Metadata, ReadError, ReadErrorKind, Rule};

/// The time limit of the first attempt to read an object; the API server needs some milliseconds.
const FIRST_READ: Duration = Duration::from_millis(500);

/// The kinds of objects whose metadata can be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CachedKind {
    /// Service accounts.
    ServiceAccounts,
    /// Namespaces.
    Namespaces,
}

/// The metadata of all objects of a kind, kept current by a watch. Its memory is limited: objects that do not fit are
/// read when they are needed. The cache is usually some milliseconds behind the API server. If the connection of the watch
/// dies without notice, that can be up to 75 s. Clones share the contents.
#[derive(Clone)]
pub struct ObjectCache {
    reader: KubeReader,
    kind: CachedKind,
    keep: fn(&str) -> bool,
    timing: Timing,
    state: watch::Receiver<State>,
}

/// The state of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheStatus {
    /// The number of objects in the cache.
    pub objects: usize,
    /// How often an object did not fit since the last list, so that it must be read when it is needed.
    pub omitted: u64,
    /// The number of complete lists, including the first.
    pub lists: u64,
    /// The time since the API server last sent something; usually less than a minute.
    pub last_contact: Option<Duration>,
    /// The time since when no watch is open, if none is. After 10 s, the cache no longer returns its objects.
    pub stale_for: Option<Duration>,
    /// The reason why no watch is open, if it failed.
    pub error: Option<ReadError>,
}

impl KubeReader {
    /// Creates a cache of the metadata of all objects of a kind, and the task that keeps it current. The task does not
    /// end by itself; without it, the cache stays empty or becomes stale. `keep` selects annotations and labels by their
    /// keys.
    pub fn cache(
        &self,
        kind: CachedKind,
        keep: fn(&str) -> bool,
    ) -> (ObjectCache, impl Future<Output = ()> + Send + use<>) {
        cache(self, kind, keep, Timing::USUAL)
    }
}

pub(super) fn cache(
    reader: &KubeReader,
    kind: CachedKind,
    keep: fn(&str) -> bool,
    timing: Timing,
) -> (ObjectCache, impl Future<Output = ()> + Send + use<>) {
    let (sender, receiver) = watch::channel(State::new());
    let cache = ObjectCache {
        reader: reader.without_memory(),
        kind,
        keep,
        timing,
        state: receiver,
    };
    let watched = Watched {
        resource: kind.resource(),
        path: kind.path(),
        name: None,
        is_metadata: true,
    };
    let mirror = CacheMirror {
        state: sender,
        keep,
        list: Contents::default(),
    };
    let reflector = Reflector::new(reader, watched, timing);
    (cache, reflector.run(mirror))
}

// === impl ObjectCache ===

impl ObjectCache {
    /// Returns whether the first list is complete.
    pub fn is_warm(&self) -> bool {
        self.state.borrow().lists > 0
    }

    /// Waits until the first list is complete.
    pub async fn wait_until_warm(&self) {
        let mut state = self.state.clone();
        if state.wait_for(|state| state.lists > 0).await.is_err() {
            pending::<()>().await;
        }
    }

    /// Waits until the contents or the status change.
    pub async fn changed(&mut self) {
        if self.state.changed().await.is_err() {
            pending::<()>().await;
        }
    }

    /// The metadata of an object with the kept labels and annotations; the namespace of a namespace is empty. `None` if
    /// the cache cannot tell: the object is unknown or too large, or the cache is not warm or too old.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<Metadata>> {
        let state = self.state.borrow();
        let is_stale = state.stale_for() > Some(self.timing.stale);
        // Without its task, the cache is never current again.
        let is_abandoned = self.state.has_changed().is_err();
        if is_stale || is_abandoned {
            return None;
        }
        state.contents.get(namespace, name)
    }

    /// Like [`get`](Self::get), but reads an object that the cache does not have, with up to two attempts. `None` if the
    /// object does not exist.
    ///
    /// # Errors
    /// See [`ReadErrorKind`]; [`TimedOut`](ReadErrorKind::TimedOut) after the time limit.
    pub async fn get_or_read(
        &self,
        namespace: &str,
        name: &str,
        limit: Duration,
    ) -> Result<Option<Arc<Metadata>>, ReadError> {
        if let Some(object) = self.get(namespace, name) {
            return Ok(Some(object));
        }
        let rule = self.kind.rule_for(namespace, name);
        let deadline = Instant::now() + limit;
        // A connection of the pool may be dead without notice. The second attempt uses a new one.
        let first = timeout(FIRST_READ.min(limit / 2), self.read(&rule, namespace, name)).await;
        let read = match first {
            Ok(read) => Ok(read),
            Err(_) => timeout_at(deadline, self.read(&rule, namespace, name)).await,
        };
        match read {
            Ok(Ok(object)) => Ok(Some(Arc::new(object))),
            Ok(Err(error)) if error.is_absent() => Ok(None),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ReadError {
                rule,
                kind: ReadErrorKind::TimedOut(limit),
            }),
        }
    }

    /// The state of the cache.
    pub fn status(&self) -> CacheStatus {
        let state = self.state.borrow();
        CacheStatus {
            objects: state.contents.objects,
            omitted: state.contents.omitted,
            lists: state.lists,
            last_contact: state.last_contact.map(|instant| instant.elapsed()),
            stale_for: state.stale_for(),
            error: state.error.clone(),
        }
    }

    async fn read(&self, rule: &Rule, namespace: &str, name: &str) -> Result<Metadata, ReadError> {
        let request = ApiRequest::get(&self.kind.path_for(namespace, name)).accept(METADATA);
        let answer = self.reader.send(rule, request).await?;
        let object: MetadataObject = parse(rule, &answer.body)?;
        Ok(object.kept(self.keep))
    }
}

/// Shows the status, not the contents.
impl fmt::Debug for ObjectCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectCache")
            .field(&self.kind)
            .field(&self.status())
            .finish()
    }
}

// === impl CachedKind ===

impl CachedKind {
    fn resource(self) -> &'static str {
        match self {
            Self::ServiceAccounts => "serviceaccounts",
            Self::Namespaces => "namespaces",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::ServiceAccounts => "/api/v1/serviceaccounts",
            Self::Namespaces => "/api/v1/namespaces",
        }
    }

    fn path_for(self, namespace: &str, name: &str) -> String {
        let (namespace, name) = (encoded(namespace), encoded(name));
        match self {
            Self::ServiceAccounts => {
                format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}")
            }
            Self::Namespaces => format!("/api/v1/namespaces/{name}"),
        }
    }

    fn rule_for(self, namespace: &str, name: &str) -> Rule {
        let namespace = (self == Self::ServiceAccounts).then_some(namespace);
        rule("get", self.resource(), namespace, Some(name))
    }
}

/// The state that a cache and its task share.
#[derive(Debug)]
struct State {
    contents: Contents,
    lists: u64,
    /// The time since when no watch is open.
    stale_since: Option<Instant>,
    last_contact: Option<Instant>,
    error: Option<ReadError>,
}

impl State {
    fn new() -> Self {
        Self {
            contents: Contents::default(),
            lists: 0,
            stale_since: Some(Instant::now()),
            last_contact: None,
            error: None,
        }
    }

    fn stale_for(&self) -> Option<Duration> {
        self.stale_since.map(|instant| instant.elapsed())
    }

    fn heard(&mut self) {
        self.last_contact = Some(Instant::now());
    }
}

/// Applies lists and watches to the state.
struct CacheMirror {
    state: watch::Sender<State>,
    keep: fn(&str) -> bool,
    list: Contents,
}

impl Mirror for CacheMirror {
    type Object = MetadataObject;

    fn list_started(&mut self) {
        self.list = Contents::default();
    }

    fn listed(&mut self, object: MetadataObject) {
        self.list.set(object.kept(self.keep));
    }

    fn list_completed(&mut self) {
        let list = std::mem::take(&mut self.list);
        self.state.send_modify(|state| {
            state.contents = list;
            state.lists += 1;
            state.heard();
        });
    }

    fn connected(&mut self) {
        self.state.send_modify(|state| {
            state.stale_since = None;
            state.error = None;
            state.heard();
        });
    }

    fn heard(&mut self) {
        self.state.send_modify(State::heard);
    }

    fn set(&mut self, object: MetadataObject) {
        let object = object.kept(self.keep);
        self.state.send_modify(|state| {
            state.contents.set(object);
            state.heard();
        });
    }

    fn deleted(&mut self, object: &MetadataObject) {
        let object = &object.metadata;
        self.state.send_modify(|state| {
            state.contents.remove(&object.namespace, &object.name);
            state.heard();
        });
    }

    fn disconnected(&mut self, error: Option<ReadError>) {
        self.state.send_modify(|state| {
            state.stale_since.get_or_insert_with(Instant::now);
            if error.is_some() {
                state.error = error;
            }
        });
    }
}

/// `PartialObjectMetadata` without the managed fields.
#[derive(Debug, Deserialize)]
struct MetadataObject {
    metadata: Identified,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identified {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    resource_version: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl MetadataObject {
    fn kept(self, keep: fn(&str) -> bool) -> Metadata {
        let Identified {
            name,
            namespace,
            uid,
            resource_version,
            mut labels,
            mut annotations,
        } = self.metadata;
        labels.retain(|key, _| keep(key));
        annotations.retain(|key, _| keep(key));
        let mut metadata = Metadata::default();
        metadata.name = name;
        metadata.namespace = namespace;
        metadata.uid = uid;
        metadata.resource_version = resource_version;
        metadata.labels = labels;
        metadata.annotations = annotations;
        metadata
    }
}
