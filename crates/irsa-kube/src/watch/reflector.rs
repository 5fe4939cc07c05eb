//! Lists objects, and watches them from the version of the list.

use irsa_net::retry::with_jitter;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use super::Timing;
use super::event::{Change, WatchEvent};
use super::lines::Lines;
use crate::api_request::{ApiRequest, METADATA, METADATA_LIST, encoded};
use crate::pages::Pages;
use crate::reader::rule;
use crate::{KubeReader, ReadError, ReadErrorKind, Rule};

/// The number of objects on a page of a list.
const PAGE: usize = 500;
/// The number of consecutive failures after which the objects are listed again. A version can be unusable for reasons that
/// the API server does not report as such, for example after etcd was restored from a backup.
const FAILURES_BEFORE_LIST: u32 = 3;

/// A copy of objects.
pub(super) trait Mirror: Send {
    type Object: DeserializeOwned + Send;

    /// A list begins, which replaces the contents when it is complete.
    fn list_started(&mut self);
    fn listed(&mut self, object: Self::Object);
    fn list_completed(&mut self);

    /// A watch is open: from now on, the contents are current.
    fn connected(&mut self);
    /// The API server sent something.
    fn heard(&mut self);
    fn set(&mut self, object: Self::Object);
    fn deleted(&mut self, object: &Self::Object);
    /// The watch has ended, or a request failed with this error.
    fn disconnected(&mut self, error: Option<ReadError>);
}

/// The objects that are mirrored.
pub(super) struct Watched {
    /// The resource, for errors.
    pub(super) resource: &'static str,
    /// The path of the collection.
    pub(super) path: &'static str,
    /// The name of the only object.
    pub(super) name: Option<String>,
    /// Only the objects' metadata is read.
    pub(super) is_metadata: bool,
}

/// Mirrors objects.
pub(super) struct Reflector {
    reader: KubeReader,
    watched: Watched,
    timing: Timing,
}

/// The next step.
enum Next {
    List,
    /// Watch from this version.
    Watch(String),
}

/// The end of a step.
struct Ended {
    next: Next,
    /// The step did what it is for: the next one needs no pause.
    is_success: bool,
    /// The watch received an event.
    has_progressed: bool,
}

impl Reflector {
    pub(super) fn new(reader: &KubeReader, watched: Watched, timing: Timing) -> Self {
        Self {
            reader: reader.without_memory(),
            watched,
            timing,
        }
    }

    /// Keeps the mirror current. Never ends.
    pub(super) async fn run(self, mut mirror: impl Mirror) {
        let mut next = Next::List;
        let mut failures = 0;
        loop {
            let ended = match next {
                Next::List => self.list(&mut mirror).await,
                Next::Watch(version) => self.watch(version, &mut mirror).await,
            };
            next = ended.next;
            if ended.has_progressed {
                failures = 0;
            }
            if ended.is_success {
                continue;
            }
            failures += 1;
            if failures % FAILURES_BEFORE_LIST == 0 {
                next = Next::List;
            }
            let pause = self.timing.backoff.after(failures);
            sleep(with_jitter(pause, rand::random())).await;
        }
    }

    async fn list<M: Mirror>(&self, mirror: &mut M) -> Ended {
        let (next, error) = match self.pages(mirror).await {
            Ok(version) => (Next::Watch(version), None),
            Err(error) => (Next::List, Some(error)),
        };
        let is_success = error.is_none();
        if let Some(error) = error {
            mirror.disconnected(Some(error));
        }
        Ended {
            next,
            is_success,
            has_progressed: false,
        }
    }

    /// Lists the objects, and returns the version of the list.
    async fn pages<M: Mirror>(&self, mirror: &mut M) -> Result<String, ReadError> {
        let rule = self.rule("list");
        let mut pages = Pages::new(&self.reader, rule.clone(), &self.path(), PAGE);
        if self.watched.is_metadata {
            pages = pages.accept(METADATA_LIST);
        }
        let mut version = String::new();
        mirror.list_started();
        while let Some(page) = pages.next::<M::Object>().await? {
            version = page.metadata.resource_version;
            page.items
                .into_iter()
                .for_each(|object| mirror.listed(object));
        }
        if version.is_empty() {
            let kind = ReadErrorKind::Other("the list has no version".to_owned());
            return Err(ReadError { rule, kind });
        }
        mirror.list_completed();
        Ok(version)
    }

    async fn watch<M: Mirror>(&self, mut version: String, mirror: &mut M) -> Ended {
        let mut has_progressed = false;
        let ended = self.events(&mut version, &mut has_progressed, mirror).await;
        let (next, error) = match ended {
            Ok(()) => (Next::Watch(version), None),
            Err(Failure::Request(kind)) => (Next::Watch(version), Some(kind)),
            Err(Failure::Version(kind)) => (Next::List, Some(kind)),
        };
        // A watch that ends without an event could end again immediately.
        let is_success = error.is_none() && has_progressed;
        mirror.disconnected(error.map(|kind| ReadError {
            rule: self.rule("watch"),
            kind,
        }));
        Ended {
            next,
            is_success,
            has_progressed,
        }
    }

    /// Applies the events of a watch until it ends.
    async fn events<M: Mirror>(
        &self,
        version: &mut String,
        has_progressed: &mut bool,
        mirror: &mut M,
    ) -> Result<(), Failure> {
        let Timing {
            opening, silence, ..
        } = self.timing;
        let request = self.watch_request(version);
        let body = timeout(opening, self.reader.open(&request)).await;
        let body = body.map_err(|_| Failure::Request(ReadErrorKind::TimedOut(opening)))?;
        let mut lines = Lines::new(body.map_err(Failure::of_response)?);
        mirror.connected();
        loop {
            let line = timeout(silence, lines.next()).await;
            let line = line.map_err(|_| Failure::Request(ReadErrorKind::TimedOut(silence)))?;
            let Some(line) = line.map_err(Failure::of_response)? else {
                return Ok(());
            };
            let event = WatchEvent::parse(&line).map_err(Failure::Version)?;
            *version = event.version;
            *has_progressed = true;
            match event.change {
                Change::Set(object) => mirror.set(object),
                Change::Deleted(object) => mirror.deleted(&object),
                Change::Bookmark => mirror.heard(),
            }
        }
    }

    fn watch_request(&self, version: &str) -> ApiRequest {
        let path = self.path();
        let separator = if path.contains('?') { '&' } else { '?' };
        let version = encoded(version);
        let seconds = with_jitter(self.timing.watch, rand::random())
            .as_secs()
            .max(1);
        let request = ApiRequest::get(&format!(
            "{path}{separator}watch=true&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={seconds}"
        ));
        if self.watched.is_metadata {
            request.accept(METADATA)
        } else {
            request
        }
    }

    fn path(&self) -> String {
        let Watched { path, name, .. } = &self.watched;
        match name {
            Some(name) => format!("{path}?fieldSelector=metadata.name%3D{}", encoded(name)),
            None => (*path).to_owned(),
        }
    }

    fn rule(&self, verb: &'static str) -> Rule {
        rule(
            verb,
            self.watched.resource,
            None,
            self.watched.name.as_deref(),
        )
    }
}

/// The reason why a watch failed.
enum Failure {
    /// The request failed; another one can continue from the same version.
    Request(ReadErrorKind),
    /// The watch cannot continue from its version.
    Version(ReadErrorKind),
}

impl Failure {
    fn of_response(kind: ReadErrorKind) -> Self {
        match kind {
            // The event that is too large would be the first one again.
            ReadErrorKind::Expired(_) | ReadErrorKind::TooLarge(_) => Self::Version(kind),
            _ => Self::Request(kind),
        }
    }
}
