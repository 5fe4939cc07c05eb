//! Elements of a statement as they are written.

use std::ops::Range;

/// An element of a statement that lists values. A single value may have been written without brackets.
#[derive(Clone, Debug)]
pub struct ElementView<'a> {
    /// The name of the element, such as `Action` or `NotAction`.
    pub name: &'static str,
    /// Its values as written. For `Principal`, the values of all principal types.
    pub values: &'a [String],
    /// The byte range of the values in the text of the policy.
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
    /// The byte range of the values in the text of the policy.
    pub span: Range<usize>,
}
