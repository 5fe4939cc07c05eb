//! The answer: the decision, the statement that made it, and what nearly allowed.

/// The answer to a [`Request`](crate::Request).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Allowed or denied.
    pub decision: Decision,
    /// The statement that allowed or denied; `None` for an implicit denial.
    pub by: Option<StatementRef>,
    /// For an implicit denial, the statements that would have allowed, nearest first.
    pub near_misses: Vec<NearMiss>,
}

/// Allowed or denied, and which denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows and none denies.
    Allowed,
    /// No statement allows.
    ImplicitlyDenied,
    /// A statement denies, whatever the others say.
    ExplicitlyDenied,
}

/// Which statement of which policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRef {
    /// Place of the policy in the list given to [`decide`](crate::decide()), from 0.
    pub policy: usize,
    /// Place of the statement in its policy, from 0.
    pub statement: usize,
    /// The statement's `Sid`, if it has one.
    pub sid: Option<String>,
}

/// An `Allow` statement that did not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The statement.
    pub statement: StatementRef,
    /// Everything that kept it from matching; never empty.
    pub kept_by: Vec<Mismatch>,
}

impl NearMiss {
    /// Whether only conditions kept it from matching.
    pub fn has_conditions_only(&self) -> bool {
        let mut kept_by = self.kept_by.iter();
        kept_by.all(|mismatch| matches!(mismatch, Mismatch::Condition { .. }))
    }
}

/// One element of a statement that did not match the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// `Principal`.
    Principal {
        /// What the policy lists.
        expected: Vec<String>,
        /// Who called.
        was: String,
    },
    /// `Action` or `NotAction`.
    Action {
        /// `Action` or `NotAction`.
        element: &'static str,
        /// What the policy lists.
        expected: Vec<String>,
        /// The action of the request.
        was: String,
    },
    /// `Resource` or `NotResource`.
    Resource {
        /// `Resource` or `NotResource`.
        element: &'static str,
        /// What the policy lists.
        expected: Vec<String>,
        /// The resource of the request, if it has one.
        was: Option<String>,
    },
    /// One key of one operator of `Condition`.
    Condition {
        /// The operator as written, such as `ForAnyValue:StringLike`.
        operator: String,
        /// The key as written.
        key: String,
        /// The values the policy lists.
        expected: Vec<String>,
        /// The values in the request; `None` if it has no such key.
        was: Option<Vec<String>>,
    },
}
