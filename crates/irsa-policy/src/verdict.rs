//! The result of one layer: the decision, the deciding statement, and the near misses.

/// The decision of one layer about a [`Request`](crate::Request).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// The statement that allowed or denied; `None` for an implicit denial.
    pub by: Option<StatementRef>,
    /// For an implicit denial, the statements that are nearest to allowing the request, nearest first.
    pub near_misses: Vec<NearMiss>,
}

/// The decision about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows the request and no statement denies it.
    Allowed,
    /// No statement allows the request.
    ImplicitlyDenied,
    /// A statement denies the request, which overrides all others.
    ExplicitlyDenied,
}

/// A reference to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRef {
    /// The index of the policy in the list given to [`decide`](crate::decide()), from 0.
    pub policy: usize,
    /// The index of the statement in its policy, from 0.
    pub statement: usize,
    /// The statement's `Sid`, if it has one.
    pub sid: Option<String>,
}

/// An `Allow` statement that did not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The statement.
    pub statement: StatementRef,
    /// The elements that did not match; never empty.
    pub mismatches: Vec<Mismatch>,
}

impl NearMiss {
    /// Returns whether only conditions did not match.
    pub fn has_conditions_only(&self) -> bool {
        let mut mismatches = self.mismatches.iter();
        mismatches.all(|mismatch| matches!(mismatch, Mismatch::Condition { .. }))
    }
}

/// One element of a statement that did not match the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// `Principal`.
    Principal {
        /// The values that the policy lists.
        expected: Vec<String>,
        /// The caller.
        actual: String,
    },
    /// `Action` or `NotAction`.
    Action {
        /// `Action` or `NotAction`.
        element: &'static str,
        /// The values that the policy lists.
        expected: Vec<String>,
        /// The action of the request.
        actual: String,
    },
    /// `Resource` or `NotResource`.
    Resource {
        /// `Resource` or `NotResource`.
        element: &'static str,
        /// The values that the policy lists.
        expected: Vec<String>,
        /// The resource of the request, if it has one.
        actual: Option<String>,
    },
    /// One key of one operator of `Condition`.
    Condition {
        /// The operator as written, such as `ForAnyValue:StringLike`.
        operator: String,
        /// The key as written.
        key: String,
        /// The values that the policy lists.
        expected: Vec<String>,
        /// The values in the request; `None` if it does not have the key.
        actual: Option<Vec<String>>,
    },
}
