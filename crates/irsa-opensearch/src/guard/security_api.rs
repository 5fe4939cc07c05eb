//! The REST API of the security plugin, and the paths of OpenSearch Dashboards that lead to it.

use super::path::Readings;
use super::routes::DASHBOARDS;

/// The API under its names, in lower case.
const NAMES: [&str; 2] = ["/_plugins/_security", "/_opendistro/_security"];

/// APIs of Dashboards that send arbitrary requests to OpenSearch, or change users, roles and mappings. They may follow
/// the prefix of a workspace or space: `/_dashboards/w/ID/api/...`.
const OF_DASHBOARDS: [&str; 3] = ["/api/console", "/api/v1", "/api/ism/apicaller"];

/// Returns whether any reading of the path leads to the API.
pub(super) fn is_reached(path: &str) -> bool {
    Readings::new(path).any(|reading| {
        let reading = reading.to_ascii_lowercase();
        let is_api = NAMES.iter().any(|name| is_below(&reading, name));
        let mut dashboards = DASHBOARDS.iter();
        is_api || dashboards.any(|prefix| is_below(&reading, prefix) && leads_there(&reading))
    })
}

/// Compares whole segments: `_security_analytics` is a different API.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn leads_there(path: &str) -> bool {
    OF_DASHBOARDS.iter().any(|api| {
        let mut found = path.match_indices(api);
        found.any(|(at, _)| path.get(at..).is_some_and(|rest| is_below(rest, api)))
    })
}
