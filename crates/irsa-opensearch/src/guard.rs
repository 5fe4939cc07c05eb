//! What a client may not ask for, whatever the role may do.
//!
//! A path can be written in many ways, and which of them OpenSearch takes for the same is its own
//! affair: a guard looks at each reading of a path, and one that is refused is enough.

mod path;
mod pattern;

use http::Method;

use self::path::Readings;
pub use self::pattern::{PathPattern, PathPatternError};

/// The guards of a domain. The default refuses nothing.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// Only what reads: `GET` and `HEAD`, and of `POST` and `DELETE` the APIs that search, count,
    /// explain and analyze, with the scrolls and points in time that searches need.
    pub read_only: bool,
    /// Only these paths; empty for all.
    pub allow_paths: Vec<PathPattern>,
    /// Not the API of the security plugin, which decides who may do what: `_plugins/_security` and
    /// its older name `_opendistro/_security`.
    pub deny_security_api: bool,
}

/// Why a request is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denial {
    #[error("this listener is read-only, and the request may change something")]
    ReadOnly,
    #[error("the path is not among those that this listener lets through")]
    Path,
    #[error("this listener does not let the security API through")]
    SecurityApi,
}

// === impl Guards ===

impl Guards {
    pub(crate) fn check(&self, method: &Method, path: &str) -> Result<(), Denial> {
        if !self.deny_security_api && self.allow_paths.is_empty() && !self.read_only {
            return Ok(());
        }
        let readings = Readings::of(path);
        if self.deny_security_api && readings.any(is_security_api) {
            return Err(Denial::SecurityApi);
        }
        let is_allowed = |path: &str| self.allow_paths.iter().any(|pattern| pattern.matches(path));
        if !self.allow_paths.is_empty() && !readings.all(is_allowed) {
            return Err(Denial::Path);
        }
        if self.read_only && !readings.all(|path| reads(method, path)) {
            return Err(Denial::ReadOnly);
        }
        Ok(())
    }
}

/// Whether a request may be sent twice with no more effect than once, and with the same answer:
/// what reads, but for scrolls, each of which turns a page, and points in time.
///
/// `PUT` and `DELETE` are not: the second one may find what the first one did, and answer 409 or
/// 404 to a client whose request succeeded.
pub(crate) fn is_repeatable(method: &Method, path: &str) -> bool {
    let is_repeatable = |path: &str| {
        let turns_a_page = path.contains("/_search/scroll") || path.contains("/point_in_time");
        reads(method, path) && !turns_a_page
    };
    Readings::of(path).all(is_repeatable)
}

/// APIs that read though they are asked by `POST`, behind the index.
const READING_POSTS: [&str; 16] = [
    "_analyze",
    "_count",
    "_field_caps",
    "_mget",
    "_msearch",
    "_msearch/template",
    "_mtermvectors",
    "_rank_eval",
    "_render/template",
    "_search",
    "_search/point_in_time",
    "_search/scroll",
    "_search/template",
    "_search_shards",
    "_termvectors",
    "_validate/query",
];

/// Those whose path goes on with a document or a template.
const WITH_ID: [&str; 3] = ["_explain", "_render/template", "_termvectors"];

/// What a client that reads may delete: contexts of its searches.
const READING_DELETES: [&str; 3] = [
    "_search/scroll",
    "_search/point_in_time",
    "_search/point_in_time/_all",
];

fn reads(method: &Method, path: &str) -> bool {
    let api = behind_index(path);
    match *method {
        Method::GET | Method::HEAD => true,
        Method::POST => {
            let with_id = WITH_ID.iter().any(|prefix| {
                let rest = api
                    .strip_prefix(prefix)
                    .and_then(|rest| rest.strip_prefix('/'));
                rest.is_some_and(|id| !id.contains('/'))
            });
            READING_POSTS.contains(&api) || with_id
        }
        Method::DELETE => {
            let is_scroll = api.strip_prefix("_search/scroll/");
            READING_DELETES.contains(&api) || is_scroll.is_some_and(|id| !id.contains('/'))
        }
        _ => false,
    }
}

/// A path without the index it begins with, and without slashes at its ends.
fn behind_index(path: &str) -> &str {
    let path = path.trim_matches('/');
    match path.split_once('/') {
        Some((index, rest)) if !index.starts_with('_') || index == "_all" => rest,
        _ => path,
    }
}

fn is_security_api(path: &str) -> bool {
    let path = path.trim_start_matches('/').to_ascii_lowercase();
    ["_plugins/_security", "_opendistro/_security"]
        .iter()
        .any(|api| path.starts_with(api))
}

#[cfg(test)]
mod tests;
