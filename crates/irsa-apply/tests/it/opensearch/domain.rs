//! A real OpenSearch as a domain, and an administrator whose network can be cut.
#![expect(clippy::print_stderr, reason = "downloads are reported")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use irsa_apply::ApplyError;
use irsa_apply::opensearch::{Request, Response, SecurityApi};
use irsa_components::cache;
use irsa_components::opensearch::{
    OpenSearch, OpenSearchBinaries, OpenSearchError, OpenSearchOptions,
};
use irsa_components::run_as::private_folder;
use irsa_testing::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

const API: &str = "/_plugins/_security/api";
/// The mappings of the node's administrator.
const OWN_MAPPINGS: [&str; 2] = ["all_access", "security_rest_api_access"];

/// A node with its own directory.
pub(super) struct Domain {
    opensearch: OpenSearch,
    _folder: TempDir,
}

/// Roles and mappings that did not come with OpenSearch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) roles: BTreeMap<String, Value>,
    pub(super) mappings: BTreeMap<String, Value>,
}

/// The administrator's connection.
pub(super) struct Api<'d> {
    domain: &'d Domain,
    writes: AtomicUsize,
    cut: Option<(Cut, usize)>,
}

/// When the network fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Before the write arrives.
    Before,
    /// Before its response arrives.
    After,
}

// === impl Domain ===

impl Domain {
    /// Starts a node. Returns `None` and prints the reason if there is no suitable Java.
    pub(super) async fn start_unless_without_java() -> Option<Self> {
        let note = |line: &str| eprintln!("{line}");
        let cache = cache::folder(std::env::var_os).unwrap();
        let binaries = match OpenSearchBinaries::locate(None, &cache, &note).await {
            Err(error @ OpenSearchError::NoJava { .. }) => {
                skip(error);
                return None;
            }
            located => located.unwrap(),
        };
        let folder = private_folder(binaries.run_as()).unwrap();
        let mut options = OpenSearchOptions::new(folder.path());
        // It takes 8 s on an idle machine.
        options.start_timeout = Duration::from_mins(10);
        Some(Self {
            opensearch: OpenSearch::start(&binaries, options).await.unwrap(),
            _folder: folder,
        })
    }

    /// Sends a request to the security plugin, which must succeed.
    pub(super) async fn ask(&self, method: &str, path: &str, body: &Value) -> String {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = self
            .opensearch
            .call(method, &format!("{API}/{path}"), &body)
            .await;
        let answer = answer.unwrap();
        assert!(
            (200..300).contains(&answer.status),
            "{method} {path}: {}",
            answer.body
        );
        answer.body
    }

    pub(super) async fn state(&self) -> State {
        let (roles, mappings) = (self.list("roles").await, self.list("rolesmapping").await);
        State {
            mappings: mappings
                .into_iter()
                .filter(|(name, _)| !OWN_MAPPINGS.contains(&name.as_str()))
                .collect(),
            roles,
        }
    }

    /// Removes everything that did not come with OpenSearch.
    pub(super) async fn reset(&self) {
        let State { roles, mappings } = self.state().await;
        for (kind, objects) in [("rolesmapping", mappings), ("roles", roles)] {
            // A name in a JSON Pointer (RFC 6901, section 3).
            let names = objects
                .keys()
                .map(|name| name.replace('~', "~0").replace('/', "~1"));
            let remove = |name| json!({"op": "remove", "path": format!("/{name}")});
            let operations: Vec<_> = names.map(remove).collect();
            if !operations.is_empty() {
                self.ask("PATCH", kind, &operations.into()).await;
            }
        }
    }

    async fn list(&self, kind: &str) -> BTreeMap<String, Value> {
        let text = self.ask("GET", kind, &Value::Null).await;
        let objects: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        let is_ours = |object: &Value| object["reserved"] == false && object["static"] != true;
        objects
            .into_iter()
            .filter(|(_, object)| is_ours(object))
            .collect()
    }
}

// === impl State ===

impl State {
    /// Removes a role and its mapping.
    pub(super) fn remove(&mut self, name: &str) {
        self.roles.remove(name).unwrap();
        self.mappings.remove(name);
    }
}

// === impl Api ===

impl<'d> Api<'d> {
    pub(super) fn new(domain: &'d Domain) -> Self {
        Self {
            domain,
            writes: AtomicUsize::new(0),
            cut: None,
        }
    }

    /// Cuts the network at a write, counted from 0.
    pub(super) fn cut(self, cut: Cut, write: usize) -> Self {
        Self {
            cut: Some((cut, write)),
            ..self
        }
    }

    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }
}

impl SecurityApi for Api<'_> {
    async fn send(&self, request: &Request) -> Result<Response, ApplyError> {
        let broken = || Err(ApplyError::new("the network was cut"));
        let is_write = request.method != Method::GET;
        let write = if is_write {
            self.writes.fetch_add(1, Ordering::Relaxed)
        } else {
            usize::MAX
        };
        if self.cut == Some((Cut::Before, write)) {
            return broken();
        }
        let body = request
            .body
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let answer = self
            .domain
            .opensearch
            .call(request.method.as_str(), &request.path, &body);
        let answer = answer.await.unwrap();
        if self.cut == Some((Cut::After, write)) {
            return broken();
        }
        Ok(Response {
            status: StatusCode::from_u16(answer.status).unwrap(),
            body: answer.body.into_bytes(),
        })
    }
}
