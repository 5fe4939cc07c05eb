//! Guards: requests that a listener blocks, independent of the role's permissions.
//!
//! Guards do not read bodies. `read_only` uses the table of `routes`, `allow_path` matches patterns, and `security_api`
//! recognizes the names of that API. Paths are checked as OpenSearch routes them, and also as a server in between might
//! decode them.

mod allow_path;
mod path;
mod pattern;
mod routes;
mod security_api;

use http::Method;

use self::path::{Readings, segments};
pub use self::pattern::{PathPattern, PathPatternError};
pub use self::routes::{Effect, Route, routes};
use crate::web::WebOrigin;

/// The guards of a domain. The default blocks nothing.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// Blocks requests on routes that are not known to be read-only ([`routes`]).
    pub read_only: bool,
    /// Blocks paths that match none of these patterns; if empty, all paths are allowed. An endpoint whose body or query
    /// can name indices must be contained in a pattern literally.
    pub allow_paths: Vec<PathPattern>,
    /// Blocks the security API, `_plugins/_security` and its older name `_opendistro/_security`, and the APIs of
    /// Dashboards that lead to it.
    pub deny_security_api: bool,
    /// Origins of web pages that may send requests and read the responses, besides the listener's own.
    pub allow_origins: Vec<WebOrigin>,
}

/// The reason why a guard blocks a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denial {
    #[error("this listener is read-only, and the request is not known to be read-only")]
    ReadOnly,
    #[error("{0}")]
    Path(allow_path::Mismatch),
    #[error("this listener blocks the security API")]
    SecurityApi,
}

// === impl Guards ===

impl Guards {
    /// Returns whether a request is allowed. Path and query are those of the request line.
    pub fn allow(&self, method: &Method, path: &str, query: Option<&str>) -> bool {
        self.check(method, path, query).is_ok()
    }

    /// Checks a request. Path and query are those of the request line.
    pub(crate) fn check(
        &self,
        method: &Method,
        path: &str,
        query: Option<&str>,
    ) -> Result<(), Denial> {
        if self.deny_security_api && security_api::is_reached(path) {
            return Err(Denial::SecurityApi);
        }
        if !self.allow_paths.is_empty() {
            let request = allow_path::Target {
                method,
                path,
                query,
            };
            allow_path::check(&self.allow_paths, &request).map_err(Denial::Path)?;
        }
        if self.read_only && effect(method, path) == Effect::Writes {
            return Err(Denial::ReadOnly);
        }
        Ok(())
    }
}

// === impl Denial ===

impl Denial {
    /// Returns the remedy for the client.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::Path(mismatch) => mismatch.remedy(),
            Self::ReadOnly => "send it to a listener without `read-only`".to_owned(),
            Self::SecurityApi => "send it to a listener without `deny-security-api`".to_owned(),
        }
    }
}

/// Returns whether repeating a request has no further effect and returns the same response.
///
/// `PUT` and `DELETE` are not repeatable: the second attempt may find the effect of the first, and return 409 or 404
/// for a request that succeeded.
pub(crate) fn is_repeatable(method: &Method, path: &str) -> bool {
    effect(method, path) == Effect::Reads
}

/// Returns the effect of a request according to the table of routes.
fn effect(method: &Method, path: &str) -> Effect {
    let Some(own) = segments(path) else {
        return Effect::Writes;
    };
    let effect = routes::effect(method, &own).unwrap_or(Effect::Writes);
    if !path.contains('%') {
        return effect;
    }
    // A server in between may decode the path before it forwards the request.
    let readings = Readings::new(path);
    let decoded = readings.decoded().iter().filter_map(|reading| {
        let segments = segments(reading)?;
        routes::effect(method, &segments)
    });
    decoded.fold(effect, Effect::max)
}

#[cfg(test)]
mod tests;
