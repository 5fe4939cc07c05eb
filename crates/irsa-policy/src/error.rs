//! Errors of policies that cannot be parsed, with the position.

use std::fmt;

use crate::limits::{MAX_BYTES, MAX_DEPTH};
use crate::text::quoted;
use crate::{Attachment, PolicyKind, Position};

/// The reason why a policy was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    statement: Option<usize>,
    element: String,
    at: usize,
    position: Option<Position>,
    problem: Problem,
}

/// The mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text is larger than the limit.
    #[error("the policy has {bytes} bytes, the limit is {MAX_BYTES}")]
    TooLarge {
        /// Length of the text in bytes.
        bytes: usize,
    },
    /// Lists and objects are nested more deeply than the limit.
    #[error("nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The text is not valid JSON.
    #[error("not valid JSON: {0}")]
    Syntax(String),
    /// An object has the same key twice. Condition keys are compared case-insensitively.
    #[error("duplicate key {}", quoted(.0))]
    DuplicateKey(String),
    /// An element that the policy language does not have.
    #[error("unknown element {}", quoted(.0))]
    UnknownElement(String),
    /// A required element is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An element that this kind of policy cannot have.
    #[error("{} is not allowed in {kind}", quoted(.element))]
    OutOfPlace {
        /// The element.
        element: &'static str,
        /// The kind of policy.
        kind: PolicyKind,
    },
    /// Two elements that exclude each other.
    #[error("{} and {} cannot be used together", quoted(.0), quoted(.1))]
    Exclusive(&'static str, &'static str),
    /// A JSON value of the wrong type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// The expected type.
        expected: &'static str,
        /// The actual type.
        found: &'static str,
    },
    /// An empty list.
    #[error("the list is empty")]
    Empty,
    /// A value that is not valid for its element.
    #[error("{} is not {expected}", quoted(.value))]
    Invalid {
        /// The value.
        value: String,
        /// A description of valid values.
        expected: &'static str,
    },
    /// Two statements with the same `Sid`.
    #[error("an earlier statement has the same `Sid`, {}", quoted(.0))]
    DuplicateSid(String),
    /// A condition operator that the policy language does not have.
    #[error("unknown condition operator {}", quoted(.0))]
    UnknownOperator(String),
    /// A construct of the policy language whose meaning is not documented.
    #[error("{} is not supported: {why}", quoted(.what))]
    Unsupported {
        /// The construct.
        what: String,
        /// The reason why it is not supported.
        why: &'static str,
    },
    /// A character that policy documents cannot contain.
    #[error("the character `{}` is not allowed in a policy", .0.escape_default())]
    Character(char),
    /// The policy exceeds the quota of where it is attached.
    #[error("{characters} characters exceed the limit of {limit} for {attachment}")]
    OverQuota {
        /// The size of the policy, as it counts toward the quota.
        characters: usize,
        /// The quota.
        limit: usize,
        /// The attachment of the policy.
        attachment: Attachment,
    },
}

impl PolicyError {
    /// A problem of the policy as a whole.
    pub(crate) fn whole(problem: Problem) -> Self {
        Self::at(None, String::new(), 0, problem)
    }

    /// A problem at the byte offset `at`.
    pub(crate) fn at(
        statement: Option<usize>,
        element: String,
        at: usize,
        problem: Problem,
    ) -> Self {
        Self {
            statement,
            element,
            at,
            position: None,
            problem,
        }
    }

    /// Adds the line and column in `text`.
    pub(crate) fn located(mut self, text: &str) -> Self {
        self.position = Some(Position::from_offset(text, self.at));
        self
    }

    /// The position of the problem in the text; `None` for a problem of the policy as a whole, such as its size.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The index of the statement with the problem, from 0, if it is in a statement.
    pub fn statement(&self) -> Option<usize> {
        self.statement
    }

    /// The path of the element, such as `Statement[0].Condition.StringEquals`; empty for the whole policy.
    pub fn element(&self) -> &str {
        &self.element
    }

    /// The mistake.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// A suggestion, where the problem does not make the fix obvious.
    pub fn hint(&self) -> Option<&'static str> {
        self.problem.hint()
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.element.is_empty() {
            write!(f, "{}: ", quoted(&self.element))?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for PolicyError {}

impl Problem {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::DuplicateKey(_) => Some("most parsers keep only the last one: merge them"),
            Self::UnknownElement(_) => {
                Some("element names are case-sensitive, for example `Effect` and `NotAction`")
            }
            Self::OutOfPlace {
                element: "NotPrincipal",
                kind: PolicyKind::Trust | PolicyKind::Resource,
            } => Some("IAM rejects it: use `Principal` with a condition on `aws:PrincipalArn`"),
            Self::OutOfPlace {
                element: "Principal" | "NotPrincipal",
                kind: PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session,
            } => Some("the principal is the user or role that the policy is attached to"),
            Self::OutOfPlace {
                element: "Resource" | "NotResource",
                kind: PolicyKind::Trust,
            } => Some("the resource is always the role that has the trust policy"),
            Self::UnknownOperator(_) => {
                Some("operator names are case-sensitive, for example `StringEquals`")
            }
            _ => None,
        }
    }
}
