//! What a policy says, statement by statement, for whoever wants to read it and not to ask it.

use std::ops::Range;

use crate::condition::Condition;
use crate::statement::Statement;
use crate::{Effect, Policy};

/// A statement as it is written.
#[derive(Clone, Copy, Debug)]
pub struct StatementView<'a>(&'a Statement);

/// An element of a statement that lists values, which may have stood without brackets.
#[derive(Clone, Debug)]
pub struct ElementView<'a> {
    /// The element, such as `Action` or `NotAction`.
    pub name: &'static str,
    /// Its values as written; of `Principal` those of all kinds.
    pub values: &'a [String],
    /// The bytes of the values in the text of the policy.
    pub span: Range<usize>,
}

/// One key of one operator of `Condition`.
#[derive(Clone, Debug)]
pub struct ConditionView<'a> {
    /// The operator as written, such as `ForAnyValue:StringLike`.
    pub operator: &'a str,
    /// The key as written.
    pub key: &'a str,
    /// The values as written.
    pub values: &'a [String],
    /// The bytes of the values in the text of the policy.
    pub span: Range<usize>,
}

impl Policy {
    /// The statements, in the order in which they are written.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = StatementView<'_>> {
        self.compiled().iter().map(StatementView)
    }
}

impl<'a> StatementView<'a> {
    /// The statement's `Sid`, if it has one.
    pub fn sid(&self) -> Option<&'a str> {
        self.0.sid()
    }

    /// What it does to the requests that it matches.
    pub fn effect(&self) -> Effect {
        self.0.effect()
    }

    /// Its bytes in the text of the policy.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }

    /// `Principal` or `NotPrincipal`, in policies of resources.
    pub fn principals(&self) -> Option<ElementView<'a>> {
        self.0.principals_view()
    }

    /// `Action` or `NotAction`.
    pub fn actions(&self) -> ElementView<'a> {
        self.0.actions_view()
    }

    /// `Resource` or `NotResource`, if it has one.
    pub fn resources(&self) -> Option<ElementView<'a>> {
        self.0.resources_view()
    }

    /// Each key of each operator, in the order in which they are written.
    pub fn conditions(&self) -> impl Iterator<Item = ConditionView<'a>> + use<'a> {
        self.0.conditions().iter().map(Condition::view)
    }
}
