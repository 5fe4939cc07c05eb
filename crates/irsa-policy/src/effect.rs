//! `Effect` (IAM User Guide, "IAM JSON policy elements: Effect").

use crate::PolicyError;
use crate::json_cursor::Node;

/// The effect of a statement on the requests that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows them, unless another statement denies them.
    Allow,
    /// Denies them.
    Deny,
}

impl Effect {
    pub(crate) fn parse(node: &Node<'_>) -> Result<Self, PolicyError> {
        match node.text()? {
            "Allow" => Ok(Self::Allow),
            "Deny" => Ok(Self::Deny),
            other => Err(node.invalid(other, "an effect: expected `Allow` or `Deny`")),
        }
    }
}
