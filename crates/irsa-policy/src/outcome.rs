//! The decision of all policies together, and the reason.

use std::fmt;

use crate::{Decision, Layer, NearMiss, StatementRef};

/// The decision of a [`PolicySet`](crate::PolicySet) about a [`Request`](crate::Request).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Allowed or denied.
    pub decision: Decision,
    /// The reason for the decision.
    pub reason: Reason,
    /// For an implicit denial, the statements that are nearest to allowing the request, nearest first: those of the
    /// layer that does not allow it, and those of the resource-based policy if that would have been sufficient.
    pub near_misses: Vec<(Layer, NearMiss)>,
}

impl Outcome {
    /// The nearest statement in which only conditions do not match, otherwise the nearest statement.
    pub fn nearest(&self) -> Option<&(Layer, NearMiss)> {
        let mut misses = self.near_misses.iter();
        let nearest = misses.find(|(_, miss)| miss.has_conditions_only());
        nearest.or(self.near_misses.first())
    }
}

/// The reason for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// These statements allow the request: one for each layer that must allow it.
    Allows(Vec<Cited>),
    /// This statement denies the request.
    Denies(Cited),
    /// No statement of this layer allows the request, and one must.
    NothingAllows(Layer),
    /// The caller is the root user, who can do everything in its account that is not denied.
    RootUser,
    /// The action needs no permission and cannot be denied: `sts:GetCallerIdentity`, and `sts:GetSessionToken` for a
    /// user (AWS STS API Reference, "GetCallerIdentity"; IAM User Guide, "Permissions for GetSessionToken").
    NoPermissionNeeded,
}

/// A statement and the layer of its policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    /// The layer.
    pub layer: Layer,
    /// The statement; the index of its policy counts within the layer.
    pub statement: StatementRef,
}

/// Formats the end of AWS's error message: `… is not authorized to perform: ACTION` *because no identity-based policy
/// allows the action*.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allows(cited) => {
                for (place, cited) in cited.iter().enumerate() {
                    f.write_str(if place == 0 { "by " } else { " and " })?;
                    write!(f, "{cited}")?;
                }
                Ok(())
            }
            Self::Denies(cited) => write!(f, "with an explicit deny in {cited}"),
            Self::NothingAllows(layer) => write!(f, "because no {layer} allows the action"),
            Self::RootUser => f.write_str("by the account's root user"),
            Self::NoPermissionNeeded => f.write_str("without any permission"),
        }
    }
}

impl fmt::Display for Cited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StatementRef { statement, sid, .. } = &self.statement;
        let article = match self.layer {
            Layer::Identity => "an",
            _ => "a",
        };
        match sid {
            Some(sid) => write!(f, "statement `{sid}` of {article} {}", self.layer),
            None => write!(f, "statement {statement} of {article} {}", self.layer),
        }
    }
}
