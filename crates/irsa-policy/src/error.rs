//! Why a policy was refused, and where in it.

use std::fmt;

use crate::json::{Fault, MAX_BYTES, MAX_DEPTH};
use crate::text::quoted;
use crate::{PolicyKind, Position};

/// A policy that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    statement: Option<usize>,
    element: String,
    at: usize,
    position: Option<Position>,
    problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text is larger than the limit.
    #[error("a policy of {bytes} bytes is over the limit of {MAX_BYTES}")]
    TooLarge {
        /// Length of the text in bytes.
        bytes: usize,
    },
    /// Lists and objects within each other beyond the limit.
    #[error("nested over {MAX_DEPTH} levels")]
    TooDeep,
    /// The text is not JSON; the position says where.
    #[error("not valid JSON: {0}")]
    Syntax(String),
    /// A key stands twice in an object; condition keys count as equal in upper and lower case.
    #[error("duplicate key {}", quoted(.0))]
    DuplicateKey(String),
    /// No element of the policy language.
    #[error("unknown element {}", quoted(.0))]
    UnknownElement(String),
    /// An element that must be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An element that this kind of policy must not have.
    #[error("{} has no place in {kind}", quoted(.element))]
    OutOfPlace {
        /// The element.
        element: &'static str,
        /// The kind of policy.
        kind: PolicyKind,
    },
    /// Two elements of which a statement may have one.
    #[error("{} and {} exclude each other", quoted(.0), quoted(.1))]
    Exclusive(&'static str, &'static str),
    /// A JSON value of another type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What belongs here.
        expected: &'static str,
        /// What is here.
        found: &'static str,
    },
    /// A list without values.
    #[error("the list is empty")]
    Empty,
    /// A value that is not what belongs here.
    #[error("{} is not {expected}", quoted(.value))]
    Invalid {
        /// The value.
        value: String,
        /// What belongs here.
        expected: &'static str,
    },
    /// Two statements with the same `Sid`.
    #[error("another statement has the `Sid` {}", quoted(.0))]
    DuplicateSid(String),
    /// No condition operator of the policy language.
    #[error("unknown condition operator {}", quoted(.0))]
    UnknownOperator(String),
    /// Something of the policy language whose meaning is not documented.
    #[error("{} is not supported: {why}", quoted(.what))]
    Unsupported {
        /// What it is.
        what: String,
        /// Why not.
        why: &'static str,
    },
    /// A character that no policy document may have.
    #[error("the character `{}` has no place in a policy", .0.escape_default())]
    Character(char),
    /// More characters than the place where the policy is attached takes.
    #[error("{characters} characters are over the limit of {limit} for {attachment}")]
    OverQuota {
        /// Length of the policy, as it counts there.
        characters: usize,
        /// What is allowed there.
        limit: usize,
        /// Where the policy is to be attached.
        attachment: crate::Attachment,
    },
}

impl PolicyError {
    /// A problem of the policy as a whole.
    pub(crate) fn whole(problem: Problem) -> Self {
        Self::at(None, String::new(), 0, problem)
    }

    /// A problem with what stands at the byte `at`.
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

    /// Tells line and column, now that the text is at hand.
    pub(crate) fn located(mut self, text: &str) -> Self {
        self.position = Some(Position::of(text, self.at));
        self
    }

    /// Where in the text the problem is; `None` for a problem that has no place.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The statement, from 0, if the problem is in one.
    pub fn statement(&self) -> Option<usize> {
        self.statement
    }

    /// The path of the element, such as `Statement[0].Condition.StringEquals`; empty for the whole policy.
    pub fn element(&self) -> &str {
        &self.element
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What to do about it, where that is not plain from the problem.
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

impl From<Fault> for PolicyError {
    fn from(Fault { problem, at }: Fault) -> Self {
        Self::at(None, String::new(), at, problem)
    }
}

impl Problem {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::DuplicateKey(_) => Some("most parsers keep only the last of them: merge the two"),
            Self::UnknownElement(_) => {
                Some("names of elements are case-sensitive, as in `Effect` and `NotAction`")
            }
            Self::OutOfPlace {
                element: "NotPrincipal",
                kind: PolicyKind::Trust | PolicyKind::Resource,
            } => Some("IAM refuses it: use `Principal` with a condition on `aws:PrincipalArn`"),
            Self::OutOfPlace {
                element: "Principal" | "NotPrincipal",
                kind: PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session,
            } => Some("the principal is whoever the policy is attached to"),
            Self::OutOfPlace {
                element: "Resource" | "NotResource",
                kind: PolicyKind::Trust,
            } => Some("the resource is the role whose trust policy this is"),
            Self::UnknownOperator(_) => {
                Some("names of operators are case-sensitive, as in `StringEquals`")
            }
            _ => None,
        }
    }
}
