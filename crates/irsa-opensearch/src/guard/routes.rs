//! The table of OpenSearch's routes. It records for each route whether it reads, whether it can be repeated, and
//! whether it can name indices outside of its path.
//!
//! Methods are not enough: `GET /_refresh` changes what searches return, and `POST /_search` reads. An unknown route
//! counts as a write.

mod cluster;
mod core;
mod dashboards;
mod plugins;
mod typed;

use http::Method;

pub(super) use self::dashboards::PREFIXES as DASHBOARDS;
use super::path::decoded;

/// A route of OpenSearch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Methods, separated by spaces. `GET` includes `HEAD`.
    pub methods: &'static str,
    /// A path pattern. A segment in braces matches any single segment that does not begin with `_`, and a trailing `**`
    /// matches all remaining segments.
    pub pattern: &'static str,
    /// The effect of a request.
    pub effect: Effect,
    /// True if the body or the query can name indices that are not in the path.
    pub names_indices: bool,
}

/// The effect of a request, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Reads, and returns the same response when repeated.
    Reads,
    /// Reads, but must not be repeated: it returns the next page, or opens or closes a search.
    ReadsOnce,
    /// May change something.
    Writes,
}

/// Returns all routes, in the order of the table.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    TABLES.iter().copied().flatten()
}

const TABLES: [&[Route]; 15] = [
    core::SEARCH,
    core::DOCUMENTS,
    core::INDICES,
    core::TEMPLATES,
    cluster::CAT,
    cluster::CLUSTER,
    cluster::NODES,
    cluster::SNAPSHOTS,
    typed::TYPED,
    plugins::QUERIES,
    plugins::MANAGEMENT,
    plugins::DETECTION,
    plugins::MODELS,
    plugins::SECURITY,
    dashboards::DASHBOARDS,
];

/// Returns all routes that match a path. If several match, OpenSearch chooses one by rules that differ between
/// versions, so all of them count.
pub(super) fn matching<'a>(
    method: &'a Method,
    segments: &'a [&'a str],
) -> impl Iterator<Item = &'static Route> + 'a {
    routes().filter(move |route| route.has_method(method) && route.has_path(segments))
}

/// Returns the strongest effect of the routes that match a path, or `None` for an unknown route.
pub(super) fn effect(method: &Method, segments: &[&str]) -> Option<Effect> {
    matching(method, segments).map(|route| route.effect).max()
}

const fn reads(methods: &'static str, pattern: &'static str) -> Route {
    Route::new(methods, pattern, Effect::Reads)
}

const fn reads_once(methods: &'static str, pattern: &'static str) -> Route {
    Route::new(methods, pattern, Effect::ReadsOnce)
}

const fn writes(methods: &'static str, pattern: &'static str) -> Route {
    Route::new(methods, pattern, Effect::Writes)
}

// === impl Route ===

impl Route {
    const fn new(methods: &'static str, pattern: &'static str, effect: Effect) -> Self {
        Self {
            methods,
            pattern,
            effect,
            names_indices: false,
        }
    }

    const fn names_indices(mut self) -> Self {
        self.names_indices = true;
        self
    }

    /// Returns the literal segments of the pattern.
    pub(super) fn literals(&self) -> impl Iterator<Item = &'static str> {
        pattern_segments(self.pattern)
            .filter(|segment| placeholder(segment).is_none() && *segment != "**")
    }

    fn has_method(&self, method: &Method) -> bool {
        let mut methods = self.methods.split(' ');
        methods.any(|own| own == method.as_str() || (own == "GET" && *method == Method::HEAD))
    }

    fn has_path(&self, segments: &[&str]) -> bool {
        let mut rest = segments.iter().copied().enumerate();
        for pattern in pattern_segments(self.pattern) {
            let Some((at, segment)) = rest.next() else {
                return false;
            };
            match placeholder(pattern) {
                _ if pattern == "**" => return true,
                Some(name) if may_be(name, segment) => {}
                None if is_same(pattern, segment, at) => {}
                _ => return false,
            }
        }
        rest.next().is_none()
    }
}

fn pattern_segments(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pattern.split('/').filter(|segment| !segment.is_empty())
}

fn placeholder(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Returns whether a segment matches literally. OpenSearch compares before it decodes: `%5Fsearch` is not `_search`.
fn is_same(pattern: &str, segment: &str, at: usize) -> bool {
    pattern == segment || (at == 0 && pattern == "_plugins" && segment == "_opendistro")
}

/// Names that begin with `_` and have a meaning to OpenSearch in this position.
const RESERVED: [(&str, &[&str]); 6] = [
    ("index", &["_all"]),
    ("metric", &["_all"]),
    (
        "node_id",
        &["_all", "_local", "_master", "_cluster_manager"],
    ),
    ("repository", &["_all"]),
    ("snapshot", &["_all", "_current"]),
    ("index_metric", &["_all"]),
];

/// Returns whether a segment can stand for a placeholder. A segment or list item that begins with `_` cannot, because
/// OpenSearch could route it as an API.
fn may_be(name: &str, segment: &str) -> bool {
    let value = decoded(segment);
    if value.is_empty() || value.starts_with('_') && !is_reserved(name, &value) {
        return false;
    }
    if name == "id" {
        return true;
    }
    // Slashes occur only in date math: `<orders-{now/d}>`.
    let is_one_name = !value.contains('/') || value.starts_with('<');
    let mut parts = value.split(',');
    is_one_name && parts.all(|part| !part.starts_with('_') || is_reserved(name, part))
}

fn is_reserved(name: &str, value: &str) -> bool {
    let mut reserved = RESERVED.iter();
    reserved.any(|(own, values)| *own == name && values.contains(&value))
}

#[cfg(test)]
mod tests;
