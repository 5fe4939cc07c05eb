//! `allow-path`: patterns of the paths that a listener passes on.
//!
//! OpenSearch accepts lists of indices in a path, and indices in bodies and queries. Each part of a
//! list must match a pattern, and an endpoint that can name indices outside of its path must be
//! named by the pattern literally.

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

/// The reason that a request matches no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    problem: Problem,
    /// The patterns as they were given.
    patterns: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    /// The path has empty or dot segments.
    Ambiguous,
    /// The path stands for more than [`MOST`] paths.
    TooMany,
    /// This path, with one part of each list, matches no pattern.
    Unmatched(String),
    /// This part of a list excludes an index.
    Exclusion(String),
    /// An endpoint, or a parameter, that can name any index.
    Unnamed { what: String, endpoint: String },
}

/// The maximum number of paths that one path with lists stands for.
const MOST: usize = 1_000;

/// Parameters of a query that carry a body or name an index.
const PARAMETERS: [&str; 5] = ["source", "index", "alias", "new_index", "target"];

/// APIs whose path goes on with the id of a document, which is no list.
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
        // A server in between may decode the path before it passes it on.
        to_name.push(Unnamed::if_known(target.method, &segments));
        all.extend(paths(&segments).map_err(&mismatch)?);
    }
    let to_name: Vec<_> = to_name.into_iter().flatten().collect();
    let mut all = all.iter();
    all.try_for_each(|path| check_path(patterns, path, &to_name))
        .map_err(mismatch)
}

/// One of the paths that a path with lists stands for.
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

/// An endpoint that can name any index, by the segments that a pattern must name.
#[derive(Debug)]
struct Unnamed {
    segments: Vec<String>,
    parameter: Option<&'static str>,
}

// === impl Unnamed ===

impl Unnamed {
    /// `None` for an endpoint that is known to name no other index. What an unknown one can do is
    /// unknown, too.
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

/// The segments of a known route that stand for themselves; of an unknown one, those that begin as
/// the names of APIs do.
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

/// A path without lists, and the part that it was made with, for messages.
#[derive(Debug)]
struct Path {
    text: String,
    part: String,
}

// === impl Path ===

impl Path {
    /// Neither a remote cluster nor date math is matched by accident: a pattern must spell them.
    fn is_matched(&self, pattern: &PathPattern) -> bool {
        let index = self.text.split('/').nth(1).unwrap_or_default();
        let is_index = !index.starts_with('_');
        let spells = |sign: char| pattern.spells(sign);
        let is_foreign = is_index && index.contains(':') && !spells(':');
        let is_math = is_index && index.starts_with('<') && !spells('<');
        !is_foreign && !is_math && pattern.matches(&self.text)
    }
}

/// The paths that a path with lists stands for, each of one part of each list.
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
        // Documents may be named after people.
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

/// Where the id of a document begins, in paths with a type (Elasticsearch 6 and 7) too.
fn id_position(segments: &[&str]) -> Option<usize> {
    match segments {
        [index, api, _, ..] if !index.starts_with('_') && WITH_ID.contains(api) => Some(2),
        [index, kind, id, ..] if ![index, kind, id].iter().any(|part| part.starts_with('_')) => {
            Some(2)
        }
        _ => None,
    }
}

/// The first parameter that carries a body or names an index. OpenSearch separates parameters by
/// `;`, too, and ignores a `=` before a name.
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
            Problem::Ambiguous => "send the path without empty and dot segments".to_owned(),
            Problem::TooMany => "name fewer indices in one request".to_owned(),
            Problem::Unmatched(_) | Problem::Exclusion(_) => {
                "name indices that the patterns allow, or add an `allow-path` to the upstream"
                    .to_owned()
            }
            Problem::Unnamed { endpoint, .. } => format!(
                "if clients may reach every index through it, add an `allow-path` that ends with \
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
                "the path has an empty or a dot segment, which servers read in different ways",
            ),
            Problem::TooMany => write!(f, "the path names more than {MOST} combinations of parts"),
            Problem::Unmatched(part) => write!(f, "{part} matches no allowed path ({patterns})"),
            Problem::Exclusion(part) => {
                write!(
                    f,
                    "{part} excludes an index, which no allowed path can match ({patterns})"
                )
            }
            Problem::Unnamed { what, .. } => write!(
                f,
                "{what} can name any index, and no allowed path that matches names it literally \
                 ({patterns})"
            ),
        }
    }
}

#[cfg(test)]
mod tests;

/// Client text for a message.
fn shown(text: &str) -> String {
    quoted(text).longest(100).to_string()
}
