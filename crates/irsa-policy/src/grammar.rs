//! The rules that the kind and version of a policy set for its statements.

use crate::PolicyKind;

/// What a statement of this policy may contain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grammar {
    pub(crate) kind: PolicyKind,
    /// Whether `${…}` is a policy variable, as in version 2012-10-17. In version 2008-10-17 it is literal text.
    pub(crate) variables: bool,
}
