//! A policy document, parsed and compiled.

use std::collections::HashSet;
use std::ops::Range;

use crate::grammar::Grammar;
use crate::json::Json;
use crate::json_cursor::Node;
use crate::statement::Statement;
use crate::{Mismatch, PolicyError, PolicyKind, Problem};

/// A policy, parsed and compiled once.
#[derive(Debug)]
pub struct Policy {
    kind: PolicyKind,
    id: Option<String>,
    statements: Vec<Statement>,
    text: Box<str>,
}

impl Policy {
    /// Parses and compiles a policy document (IAM User Guide, "Grammar of the IAM JSON policy language").
    ///
    /// # Errors
    /// The document has unknown elements, operators or versions, duplicate keys, values of the wrong type, elements
    /// that this kind of policy cannot have, or constructs whose meaning is not documented. A document that exceeds 1
    /// MiB or 32 levels is rejected before it is parsed further.
    pub fn parse(kind: PolicyKind, json: &str) -> Result<Self, PolicyError> {
        Self::compile(kind, json).map_err(|error| error.located(json))
    }

    fn compile(kind: PolicyKind, text: &str) -> Result<Self, PolicyError> {
        let json = Json::parse(text)?;
        refuse_characters(kind, text)?;
        let root = Node::root(&json);
        let mut members = root.members()?;
        let variables = match members.take("Version") {
            Some(version) => has_variables(&version, kind)?,
            None if kind.needs_version() => {
                return Err(root.fail(Problem::Missing("`Version`")));
            }
            None => false,
        };
        let id = match members.take("Id") {
            Some(_) if !kind.has_id() => {
                let element = "Id";
                return Err(root.fail(Problem::OutOfPlace { element, kind }));
            }
            id => id.map(|node| node.text()).transpose()?,
        };
        let statements = members.require("Statement", "`Statement`")?.statements()?;
        members.finish()?;

        let grammar = Grammar { kind, variables };
        let policy = Self {
            kind,
            id: id.map(str::to_owned),
            statements: statements
                .iter()
                .map(|node| Statement::parse(node, grammar))
                .collect::<Result<_, _>>()?,
            text: text.into(),
        };
        if kind.has_strict_sids() {
            policy.refuse_equal_sids(&statements)?;
        }
        Ok(policy)
    }

    /// The kind of the policy.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The `Id` of the policy, which has no effect on decisions.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The byte range of a statement in the text of the policy; `None` if the index is out of range.
    pub fn span(&self, statement: usize) -> Option<Range<usize>> {
        self.statements.get(statement).map(Statement::span)
    }

    /// The byte range of the element that did not match; for a condition, the range of its values.
    pub fn span_of(&self, statement: usize, mismatch: &Mismatch) -> Option<Range<usize>> {
        self.statements.get(statement)?.span_of(mismatch)
    }

    /// The condition keys that the statements compare or use as variables, in lower case. Keys may repeat.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(Statement::keys)
    }

    /// The parsed document, to which all byte ranges and positions refer.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn compiled(&self) -> &[Statement] {
        &self.statements
    }

    fn refuse_equal_sids(&self, nodes: &[Node<'_>]) -> Result<(), PolicyError> {
        let mut seen = HashSet::new();
        for (statement, node) in self.statements.iter().zip(nodes) {
            if let Some(sid) = statement.sid()
                && !seen.insert(sid)
            {
                return Err(node.fail(Problem::DuplicateSid(sid.to_owned())));
            }
        }
        Ok(())
    }
}

/// Returns whether the version has policy variables. Without a `Version`, it is 2008-10-17 (IAM User Guide, "Version").
fn has_variables(version: &Node<'_>, kind: PolicyKind) -> Result<bool, PolicyError> {
    match version.text()? {
        "2012-10-17" => Ok(true),
        "2008-10-17" if !kind.needs_version() => Ok(false),
        other => Err(version.invalid(
            other,
            if kind.needs_version() {
                "the policy language version that AWS Organizations requires, `2012-10-17`"
            } else {
                "a policy language version: expected `2012-10-17` or `2008-10-17`"
            },
        )),
    }
}

fn refuse_characters(kind: PolicyKind, text: &str) -> Result<(), PolicyError> {
    let is_latin = |char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    let mut others = text.char_indices().filter(|(_, char)| !is_latin(*char));
    match others.next() {
        Some((at, char)) if kind.is_latin() => {
            let problem = Problem::Character(char);
            Err(PolicyError::at(None, String::new(), at, problem))
        }
        _ => Ok(()),
    }
}
