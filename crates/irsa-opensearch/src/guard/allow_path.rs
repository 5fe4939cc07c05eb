//! `allow-path`: patterns for the paths that a listener forwards.
//!
//! OpenSearch accepts lists of indices in paths, and names of indices in bodies and queries. Each item of a list must
//! match a pattern, and an endpoint that can name indices outside of its path must be contained in the pattern
//! literally.

use std::fmt;

use http::Method;
use irsa_chain::untrusted::quoted;
use percent_encoding::percent_decode_str;

use super::path::{Readings, segments};
use super::pattern::PathPattern;
use super::routes::{DASHBOARDS, matching};

/// The parts of a request that are checked.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
}

/// The reason why a request does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    problem: Problem,
    /// The patterns as configured.
    patterns: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    /// The path has empty or dot segments.
    Ambiguous,
    /// The path expands to more than [`MOST`] paths.
    TooMany,
    /// This path, with one item of each list, matches no pattern.
    Unmatched(String),
    /// This item of a list excludes an index.
    Exclusion(String),
    /// An endpoint or a parameter that can name any index.
    Unnamed { what: String, endpoint: String },
}

/// The maximum number of paths that a path with lists may expand to.
const MOST: usize = 1_000;

/// Query parameters that contain a body or name an index.
const PARAMETERS: [&str; 5] = ["source", "index", "alias", "new_index", "target"];

/// APIs whose path continues with a document ID, which is not a list.
const WITH_ID: [&str; 6] = [
    "_create",
    "_doc",
    "_explain",
    "_source",
    "_termvectors",
    "_update",
];

pub(super) fn check(patterns: &[PathPattern], target: &Target<'_>) -> Result<(), Mismatch> {
    let mismatch = |problem| Mismatch {
        problem,
        patterns: listed(patterns),
    };
    let Some(own) = segments(target.path) else {
        return Err(mismatch(Problem::Ambiguous));
    };
    let parameter = target.query.and_then(naming_parameter);
    let mut to_name = vec![Unnamed::new(target.method, &own, parameter)];
    let mut all = Vec::new();
    for reading in Readings::new(target.path).decoded() {
        let Some(segments) = segments(reading) else {
            return Err(mismatch(Problem::Ambiguous));
        };
        // A server in between may decode the path before it forwards the request.
        to_name.push(Unnamed::if_known(target.method, &segments));
        all.extend(paths(&segments).map_err(&mismatch)?);
    }
    let to_name: Vec<_> = to_name.into_iter().flatten().collect();
    let mut all = all.iter();
    all.try_for_each(|path| check_path(patterns, path, &to_name))
        .map_err(mismatch)
}

/// Checks one expanded path.
fn check_path(patterns: &[PathPattern], path: &Path, to_name: &[Unnamed]) -> Result<(), Problem> {
    let matching = || patterns.iter().filter(|pattern| path.is_matched(pattern));
    if matching().next().is_none() {
        return Err(Problem::Unmatched(shown(&path.part)));
    }
    let mut missing = to_name.iter().filter(|unnamed| {
        let mut matching = matching();
        !matching.any(|pattern| pattern.names(&unnamed.segments))
    });
    missing.next().map_or(Ok(()), |unnamed| {
        let endpoint = format!("/{}", unnamed.segments.join("/"));
        Err(Problem::Unnamed {
            what: shown(unnamed.parameter.unwrap_or(&endpoint)),
            endpoint: shown(&endpoint),
        })
    })
}

/// An endpoint that can name any index, with the segments that a pattern must contain.
#[derive(Debug)]
struct Unnamed {
    segments: Vec<String>,
    parameter: Option<&'static str>,
}

// === impl Unnamed ===

impl Unnamed {
    /// Returns `None` for an endpoint that is known to name no other index. An unknown endpoint is assumed to be able
    /// to.
    fn new(method: &Method, segments: &[&str], parameter: Option<&'static str>) -> Option<Self> {
        let mut known = matching(method, segments).peekable();
        let is_known = known.peek().is_some();
        if is_known && parameter.is_none() && !known.any(|route| route.names_indices) {
            return None;
        }
        Some(Self {
            segments: literals(method, segments),
            parameter,
        })
    }

    fn if_known(method: &Method, segments: &[&str]) -> Option<Self> {
        let mut known = matching(method, segments);
        known.next().and_then(|_| Self::new(method, segments, None))
    }
}

/// Returns the literal segments of a known route. For an unknown route, returns the segments that look like API names.
fn literals(method: &Method, segments: &[&str]) -> Vec<String> {
    if let Some(route) = matching(method, segments).next() {
        return route.literals().map(str::to_owned).collect();
    }
    let path = format!("/{}/", segments.join("/"));
    let mut prefixes = DASHBOARDS.iter();
    let prefix = prefixes.find(|prefix| path.starts_with(&format!("{prefix}/")));
    let named = prefix.map_or(path.as_str(), |prefix| prefix);
    let named = named.split('/').filter(|segment| segment.starts_with('_'));
    named.map(str::to_owned).collect()
}

/// A path without lists, and the list item that it contains, for messages.
#[derive(Debug)]
struct Path {
    text: String,
    part: String,
}

// === impl Path ===

impl Path {
    /// Returns whether the pattern matches. Remote clusters and date math match only patterns that contain their
    /// special characters.
    fn is_matched(&self, pattern: &PathPattern) -> bool {
        let index = self.text.split('/').nth(1).unwrap_or_default();
        let is_index = !index.starts_with('_');
        let spells = |sign: char| pattern.spells(sign);
        let is_foreign = is_index && index.contains(':') && !spells(':');
        let is_math = is_index && index.starts_with('<') && !spells('<');
        !is_foreign && !is_math && pattern.matches(&self.text)
    }
}

/// Expands a path with lists into paths with one item of each list.
fn paths(segments: &[&str]) -> Result<Vec<Path>, Problem> {
    let mut paths = vec![Path {
        text: String::new(),
        part: String::new(),
    }];
    let id = id_position(segments);
    for (at, segment) in segments.iter().enumerate() {
        let is_id = id.is_some_and(|id| at >= id);
        let parts: Vec<&str> = if is_id {
            vec![segment]
        } else {
            segment.split(',').collect()
        };
        if !is_id {
            check_parts(&parts)?;
        }
        if paths.len() * parts.len() > MOST {
            return Err(Problem::TooMany);
        }
        paths = extended(&paths, &parts, is_id);
    }
    if segments.is_empty() {
        paths = vec![Path {
            text: "/".to_owned(),
            part: "/".to_owned(),
        }];
    }
    Ok(paths)
}

fn extended(paths: &[Path], parts: &[&str], is_id: bool) -> Vec<Path> {
    let with = |path: &Path, part: &str| Path {
        text: format!("{}/{part}", path.text),
        // Document IDs may contain personal data.
        part: format!("{}/{}", path.part, if is_id { "{id}" } else { part }),
    };
    let all = paths
        .iter()
        .flat_map(|path| parts.iter().map(|part| with(path, part)));
    all.collect()
}

fn check_parts(parts: &[&str]) -> Result<(), Problem> {
    match parts
        .iter()
        .find(|part| part.is_empty() || part.starts_with('-'))
    {
        Some(&"") => Err(Problem::Unmatched("an empty name".to_owned())),
        Some(part) => Err(Problem::Exclusion(shown(part))),
        None => Ok(()),
    }
}

/// Returns the position of the document ID, also in paths with a type (Elasticsearch 6 and 7).
fn id_position(segments: &[&str]) -> Option<usize> {
    match segments {
        [index, api, _, ..] if !index.starts_with('_') && WITH_ID.contains(api) => Some(2),
        [index, kind, id, ..] if ![index, kind, id].iter().any(|part| part.starts_with('_')) => {
            Some(2)
        }
        _ => None,
    }
}

/// Returns the first parameter that contains a body or names an index. OpenSearch also accepts `;` as a separator of
/// parameters, and ignores a `=` before a name.
fn naming_parameter(query: &str) -> Option<&'static str> {
    let names = query.split(['&', ';']).map(|pair| {
        let name = pair.trim_start_matches('=').split('=').next();
        let name = name.unwrap_or_default();
        percent_decode_str(name).decode_utf8_lossy()
    });
    let mut found = names.filter_map(|name| PARAMETERS.iter().find(|known| **known == name));
    found.next().copied()
}

fn listed(patterns: &[PathPattern]) -> String {
    let patterns: Vec<_> = patterns
        .iter()
        .map(|pattern| format!("`{pattern}`"))
        .collect();
    patterns.join(", ")
}

// === impl Mismatch ===

impl Mismatch {
    pub(super) fn remedy(&self) -> String {
        match &self.problem {
            Problem::Ambiguous => "remove empty segments and dot segments from the path".to_owned(),
            Problem::TooMany => "name fewer indices in one request".to_owned(),
            Problem::Unmatched(_) | Problem::Exclusion(_) => {
                "use indices that the patterns allow, or add an `allow-path` to the upstream"
                    .to_owned()
            }
            Problem::Unnamed { endpoint, .. } => format!(
                "if clients may access every index, add an `allow-path` that ends with \
                 {endpoint} to the upstream"
            ),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = &self.patterns;
        match &self.problem {
            Problem::Ambiguous => f.write_str(
                "the path has an empty segment or a dot segment, which servers interpret differently",
            ),
            Problem::TooMany => write!(f, "the lists in the path have more than {MOST} combinations"),
            Problem::Unmatched(part) => write!(f, "{part} does not match an allowed path ({patterns})"),
            Problem::Exclusion(part) => {
                write!(
                    f,
                    "{part} excludes an index, which is not supported with allowed paths ({patterns})"
                )
            }
            Problem::Unnamed { what, .. } => write!(
                f,
                "{what} can access any index, and no matching allowed path contains it literally \
                 ({patterns})"
            ),
        }
    }
}

#[cfg(test)]
mod tests;

/// Escapes client text for a message.
fn shown(text: &str) -> String {
    quoted(text).longest(100).to_string()
}
