//! A policy document, parsed and compiled.

use std::collections::HashSet;
use std::fmt;

use crate::json::Json;
use crate::node::Node;
use crate::statement::Statement;
use crate::{PolicyError, Problem};

/// Where a policy is attached, which decides what elements it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyKind {
    /// Attached to a user, group or role: `Resource` is required, `Principal` is not allowed.
    Identity,
    /// The trust policy of a role: `Principal` is required, `Resource` is not allowed.
    Trust,
}

/// A policy, parsed and compiled once.
#[derive(Debug)]
pub struct Policy {
    kind: PolicyKind,
    id: Option<String>,
    statements: Vec<Statement>,
}

/// What a statement may say in this policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grammar {
    pub(crate) kind: PolicyKind,
    /// `${…}` is a policy variable, as since version 2012-10-17; before, it is plain text.
    pub(crate) variables: bool,
}

impl Grammar {
    /// Refuses `${…}` where it would be a policy variable.
    pub(crate) fn refuse_variables(self, node: &Node<'_>, text: &str) -> Result<(), PolicyError> {
        if self.variables && text.contains("${") {
            return Err(node.fail(Problem::UnsupportedVariable(text.to_owned())));
        }
        Ok(())
    }
}

impl Policy {
    /// Parses and compiles a policy document (IAM User Guide, "Grammar of the IAM JSON policy language").
    ///
    /// # Errors
    /// Whatever would have to be guessed is refused, with the statement and the element: unknown
    /// elements, operators and versions, duplicate keys, values of another type, elements that this
    /// kind of policy must not have, and what is not supported yet. So is a document over 1 MiB or
    /// over 32 levels deep, before it is read any further.
    pub fn parse(kind: PolicyKind, json: &str) -> Result<Self, PolicyError> {
        let json = Json::parse(json).map_err(PolicyError::whole)?;
        let mut members = Node::root(&json).members()?;
        let variables = members
            .take("Version")
            .map_or(Ok(false), |node| has_variables(&node))?;
        let id = members.take("Id").map(|node| node.text()).transpose()?;
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
        };
        policy.refuse_equal_sids(&statements)?;
        Ok(policy)
    }

    /// Where the policy is attached.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The policy's `Id`, which has no effect.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(crate) fn statements(&self) -> &[Statement] {
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

/// Without a `Version`, a policy is one of 2008-10-17 (IAM User Guide, "Version").
fn has_variables(version: &Node<'_>) -> Result<bool, PolicyError> {
    match version.text()? {
        "2012-10-17" => Ok(true),
        "2008-10-17" => Ok(false),
        other => Err(version.invalid(
            other,
            "a version of the policy language, `2012-10-17` or `2008-10-17`",
        )),
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "an identity policy",
            Self::Trust => "a trust policy",
        })
    }
}
