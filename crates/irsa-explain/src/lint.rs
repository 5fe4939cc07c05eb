//! What is legal, but wrong or too broad.

pub mod output;

mod breadth;
mod statement;

use std::ops::Range;

use irsa_policy::{Attachment, Policy, PolicyError, PolicyKind, Position};
use serde_json::Value;

use self::statement::Statement;

/// Whoever has more to repair repairs these first.
const MAX_FINDINGS: usize = 100;

/// A file and what was found in it.
#[derive(Debug)]
pub struct Report {
    file: String,
    text: String,
    kind: PolicyKind,
    findings: Vec<Finding>,
    /// So many more were found.
    more: usize,
}

/// Something to be repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// A stable name.
    id: &'static str,
    level: Level,
    what: String,
    help: Option<String>,
    /// Its bytes in the text.
    span: Range<usize>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// IAM refuses it, or it never matches.
    Error,
    /// It works, and allows more than is meant to be allowed.
    Warning,
}

// === impl Report ===

impl Report {
    /// Looks for everything in a policy; its kind is guessed from its elements, unless it is given.
    pub fn new(file: String, text: String, kind: Option<PolicyKind>) -> Self {
        let kind = kind.unwrap_or_else(|| guess(&text));
        let mut findings = match Policy::parse(kind, &text) {
            Ok(policy) => Statement::all(&policy)
                .flat_map(|statement| statement.findings())
                .collect(),
            Err(error) => vec![refused(&text, &error)],
        };
        findings.extend(over_quota(&text, kind));
        findings.sort_by_key(|finding| finding.span.start);
        let more = findings.len().saturating_sub(MAX_FINDINGS);
        findings.truncate(MAX_FINDINGS);
        Self {
            file,
            text,
            kind,
            findings,
            more,
        }
    }

    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

fn refused(text: &str, error: &PolicyError) -> Finding {
    let start = error
        .position()
        .map_or(0, |position| offset(text, position));
    let length = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    Finding {
        id: "invalid",
        level: Level::Error,
        what: error.to_string(),
        help: error.hint().map(str::to_owned),
        span: start..start + length,
    }
}

/// A policy of a resource is limited by its service, each in its own way.
fn over_quota(text: &str, kind: PolicyKind) -> Option<Finding> {
    let attachment = match kind {
        PolicyKind::Identity | PolicyKind::Boundary => Attachment::Managed,
        PolicyKind::Trust => Attachment::Trust,
        PolicyKind::Session => Attachment::Session,
        PolicyKind::ServiceControl | PolicyKind::ResourceControl => Attachment::Organization,
        _ => return None,
    };
    let error = attachment.check(text).err()?;
    let help = match attachment {
        Attachment::Managed => Some(format!(
            "inline, all policies of a role may have {} together",
            Attachment::Role.limit()
        )),
        Attachment::Trust if kind.check_size(text).is_ok() => {
            Some("the quota of the account can be raised to 4096".to_owned())
        }
        _ => None,
    };
    Some(Finding {
        id: "over-quota",
        level: Level::Error,
        what: error.to_string(),
        help,
        span: 0..0,
    })
}

/// What names its principals belongs to a resource, and what only speaks of `sts:` to a role.
fn guess(text: &str) -> PolicyKind {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let statements = listed(document.get("Statement"));
    let has_principals = |statement: &&Value| {
        statement
            .get("Principal")
            .or(statement.get("NotPrincipal"))
            .is_some()
    };
    if !statements.iter().any(has_principals) {
        return PolicyKind::Identity;
    }
    let mut actions = statements
        .iter()
        .flat_map(|statement| listed(statement.get("Action")));
    let is_of_sts = |action: &Value| action.as_str().is_some_and(|name| name.starts_with("sts:"));
    if actions.all(is_of_sts) {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    }
}

/// The values of a list, or the value that goes without brackets.
fn listed(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(values)) => values.iter().collect(),
        value => value.into_iter().collect(),
    }
}

/// The byte of a place in the text.
fn offset(text: &str, position: Position) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(position.line - 1)
        .map(str::len)
        .sum();
    let rest = text.get(before..).unwrap_or_default();
    before
        + rest
            .chars()
            .take(position.column - 1)
            .map(char::len_utf8)
            .sum::<usize>()
}

#[cfg(test)]
mod tests;
