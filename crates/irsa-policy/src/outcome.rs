//! The answer of all policies together, and what made it.

use std::fmt;

use crate::{Decision, Layer, NearMiss, StatementRef};

/// The answer of a [`PolicySet`](crate::PolicySet) to a [`Request`](crate::Request).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Allowed or denied.
    pub decision: Decision,
    /// What made the decision.
    pub because: Because,
    /// For an implicit denial, the statements that would have allowed, nearest first: those of the
    /// layer where nothing allows, and of the resource's policy where that would have been enough.
    pub near_misses: Vec<(Layer, NearMiss)>,
}

impl Outcome {
    /// The nearest statement that only conditions keep from allowing or, without one, the nearest.
    pub fn nearest(&self) -> Option<&(Layer, NearMiss)> {
        let mut misses = self.near_misses.iter();
        let nearest = misses.find(|(_, miss)| miss.has_conditions_only());
        nearest.or(self.near_misses.first())
    }
}

/// What made a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// Each layer that has to allow does, by these statements.
    Allows(Vec<Cited>),
    /// This statement denies.
    Denies(Cited),
    /// No statement of this layer allows, and one has to.
    NothingAllows(Layer),
    /// The root user may do everything in its account that is not denied.
    RootUser,
    /// `sts:GetCallerIdentity` needs no permission and can't be denied, and neither can
    /// `sts:GetSessionToken` of a user (AWS STS API Reference, "GetCallerIdentity"; IAM User Guide,
    /// "Permissions for GetSessionToken").
    NoPermissionNeeded,
}

/// A statement, and which kind of policy it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    /// The kind of policy, and of an organization's the level.
    pub layer: Layer,
    /// The statement; its policy counts within the layer.
    pub statement: StatementRef,
}

/// The end of AWS's own sentence: `… is not authorized to perform: ACTION` *because no
/// identity-based policy allows the action*.
impl fmt::Display for Because {
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
            Self::RootUser => f.write_str("by the root user of the account"),
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
