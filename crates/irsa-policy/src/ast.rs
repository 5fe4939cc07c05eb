//! The syntax tree of a policy: its statements and their elements as written, for callers that inspect a policy rather
//! than evaluate it.

use std::ops::Range;

use crate::condition::Condition;
use crate::statement::Statement;
use crate::{ConditionView, Effect, ElementView, Policy};

/// A statement as written.
#[derive(Clone, Copy, Debug)]
pub struct StatementView<'a>(&'a Statement);

impl Policy {
    /// The statements in document order.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = StatementView<'_>> {
        self.compiled().iter().map(StatementView)
    }
}

impl<'a> StatementView<'a> {
    /// The statement's `Sid`, if it has one.
    pub fn sid(&self) -> Option<&'a str> {
        self.0.sid()
    }

    /// The effect on the requests that the statement matches.
    pub fn effect(&self) -> Effect {
        self.0.effect()
    }

    /// The byte range of the statement in the text of the policy.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }

    /// `Principal` or `NotPrincipal`, in resource-based policies.
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

    /// Each key of each condition operator, in document order.
    pub fn conditions(&self) -> impl Iterator<Item = ConditionView<'a>> + use<'a> {
        self.0.conditions().iter().map(Condition::view)
    }
}
