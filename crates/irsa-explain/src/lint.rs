//! What is legal, but wrong or too broad.

pub mod output;

mod breadth;
mod consistency;
mod inventory;
mod statement;

use std::ops::Range;

use irsa_policy::{Attachment, Policy, PolicyError, PolicyKind, Position};
use serde_json::Value;

pub use self::inventory::{Inspected, inspect};
use self::statement::Statement;

/// Whoever has more to repair repairs these first.
const MAX_FINDINGS: usize = 100;

const OVER_QUOTA: &str = "over-quota";

/// A file and what was found in it.
#[derive(Debug)]
pub struct Report {
    file: String,
    text: String,
    /// `None` if it is not a policy.
    kind: Option<PolicyKind>,
    findings: Vec<Finding>,
    /// The worst finding.
    worst: Option<Level>,
    /// So many more were found.
    more: usize,
}

/// Something to be repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A stable name.
    pub(crate) id: &'static str,
    pub(crate) level: Level,
    pub(crate) what: String,
    pub(crate) help: Option<String>,
    /// Its bytes in the text.
    pub(crate) span: Range<usize>,
}

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// IAM refuses it, or it never matches.
    Error,
    /// It works, and allows more than is meant to be allowed.
    Warning,
}

// === impl Report ===

impl Report {
    /// Looks for everything in a policy; its kind is guessed from its elements, unless it is given.
    pub fn new(file: String, text: String, kind: Option<PolicyKind>) -> Self {
        Self::attached(file, text, kind, None)
    }

    /// Looks for everything in a policy that is attached there, if that is known.
    pub fn attached(
        file: String,
        text: String,
        kind: Option<PolicyKind>,
        attachment: Option<Attachment>,
    ) -> Self {
        let kind = kind.unwrap_or_else(|| guess(&text));
        let mut findings = match Policy::parse(kind, &text) {
            Ok(policy) => of_policy(&policy),
            Err(error) => vec![refused(&text, &error)],
        };
        findings.extend(over_quota(&text, kind, attachment));
        Self::with(file, text, Some(kind), findings)
    }

    pub(crate) fn with(
        file: String,
        text: String,
        kind: Option<PolicyKind>,
        mut findings: Vec<Finding>,
    ) -> Self {
        let worst = findings.iter().map(|finding| finding.level).min();
        findings.sort_by_key(|finding| finding.span.start);
        let more = findings.len().saturating_sub(MAX_FINDINGS);
        findings.truncate(MAX_FINDINGS);
        Self {
            file,
            text,
            kind,
            findings,
            worst,
            more,
        }
    }

    fn without(mut self, id: &str) -> Self {
        self.findings.retain(|finding| finding.id != id);
        Self::with(self.file, self.text, self.kind, self.findings)
    }

    /// Whether nothing was found that is as bad as this level.
    pub fn is_clean(&self, level: Level) -> bool {
        self.worst.is_none_or(|worst| worst > level)
    }
}

fn of_policy(policy: &Policy) -> Vec<Finding> {
    let statements: Vec<_> = Statement::all(policy).collect();
    let findings = statements.iter().flat_map(Statement::findings);
    findings
        .chain(consistency::of_policy(&statements))
        .collect()
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
fn over_quota(text: &str, kind: PolicyKind, attachment: Option<Attachment>) -> Option<Finding> {
    let attachment = match (attachment, kind) {
        (Some(attachment), _) => attachment,
        (None, PolicyKind::Identity | PolicyKind::Boundary) => return large_identity_policy(text),
        (None, PolicyKind::Trust) => Attachment::Trust,
        (None, PolicyKind::Session) => Attachment::Session,
        (None, PolicyKind::ServiceControl | PolicyKind::ResourceControl) => {
            Attachment::Organization
        }
        _ => return None,
    };
    let error = attachment.check(text).err()?;
    let can_be_raised = attachment == Attachment::Trust && kind.check_size(text).is_ok();
    let help = can_be_raised.then(|| "the quota of the account can be raised to 4096".to_owned());
    Some(quota_finding(Level::Error, error.to_string(), help))
}

/// It is not known where it will be attached, and policies of AWS's own may be larger than those of its customers.
fn large_identity_policy(text: &str) -> Option<Finding> {
    let error = Attachment::Managed.check(text).err()?;
    let inline = Attachment::Role.limit();
    let help = match Attachment::Role.check(text) {
        Ok(()) => format!("inline, all policies of a role may have {inline} together"),
        Err(_) => format!("split it: inline, all policies of a role may have {inline} together"),
    };
    Some(quota_finding(Level::Warning, error.to_string(), Some(help)))
}

fn quota_finding(level: Level, what: String, help: Option<String>) -> Finding {
    Finding {
        id: OVER_QUOTA,
        level,
        what,
        help,
        span: 0..0,
    }
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
