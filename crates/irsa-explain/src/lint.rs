//! Findings: what is valid but wrong or too broad.

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

/// The maximum number of findings per file.
const MAX_FINDINGS: usize = 100;

const OVER_QUOTA: &str = "over-quota";

/// A file and its findings.
#[derive(Debug)]
pub struct Report {
    file: String,
    text: String,
    /// The kind; `None` if the text is not a policy.
    kind: Option<PolicyKind>,
    findings: Vec<Finding>,
    /// The most severe level.
    worst: Option<Level>,
    /// The number of findings beyond the maximum.
    more: usize,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A stable ID.
    pub(crate) id: &'static str,
    pub(crate) level: Level,
    pub(crate) what: String,
    pub(crate) help: Option<String>,
    /// The byte range in the text.
    pub(crate) span: Range<usize>,
}

/// The severity of a finding, most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// IAM rejects it, or it never matches.
    Error,
    /// It allows more than is usually intended, or has no effect.
    Warning,
}

// === impl Report ===

impl Report {
    /// Checks a policy. Without a kind, it is guessed from the elements of the policy.
    pub fn new(file: String, text: String, kind: Option<PolicyKind>) -> Self {
        Self::attached(file, text, kind, None)
    }

    /// Checks a policy whose attachment may be known.
    pub fn attached(
        file: String,
        text: String,
        kind: Option<PolicyKind>,
        attachment: Option<Attachment>,
    ) -> Self {
        let kind = kind.unwrap_or_else(|| guess(&text));
        let mut findings = match Policy::parse(kind, &text) {
            Ok(policy) => policy_findings(&policy),
            Err(error) => vec![parse_error(&text, &error)],
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

    /// Returns whether there are no findings of this level or a more severe one.
    pub fn is_clean(&self, level: Level) -> bool {
        self.worst.is_none_or(|worst| worst > level)
    }
}

fn policy_findings(policy: &Policy) -> Vec<Finding> {
    let statements: Vec<_> = Statement::all(policy).collect();
    let findings = statements.iter().flat_map(Statement::findings);
    findings
        .chain(consistency::missing_pod_identity_action(&statements))
        .collect()
}

fn parse_error(text: &str, error: &PolicyError) -> Finding {
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

/// Checks the quota. Resource policies are not checked, as each service has its own limit.
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
    let help =
        can_be_raised.then(|| "the account's quota can be raised to 4096 characters".to_owned());
    Some(quota_finding(Level::Error, error.to_string(), help))
}

/// Checks an identity policy with an unknown attachment, so the finding is a warning: AWS managed policies may be
/// larger, and inline policies have a different quota.
fn large_identity_policy(text: &str) -> Option<Finding> {
    let error = Attachment::Managed.check(text).err()?;
    let inline = Attachment::Role.limit();
    let help = match Attachment::Role.check(text) {
        Ok(()) => {
            format!("the limit for all inline policies of a role together is {inline} characters")
        }
        Err(_) => format!(
            "split it: the limit for all inline policies of a role together is {inline} characters"
        ),
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

/// Guesses the kind: a policy with principals is attached to a resource, and to a role if it has only `sts:` actions.
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
    let is_sts = |action: &Value| action.as_str().is_some_and(|name| name.starts_with("sts:"));
    if actions.all(is_sts) {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    }
}

/// The values of a list, or a single value without brackets.
fn listed(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(values)) => values.iter().collect(),
        value => value.into_iter().collect(),
    }
}

/// The byte offset of a position in the text.
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
