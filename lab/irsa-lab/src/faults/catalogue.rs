//! The catalogue of faults: one table for the lab's API, the demo, the guides and the tests.

mod table;

use std::fmt::Write as _;

use irsa_chain::Cause;
use thiserror::Error;

use super::FaultPlan;
use crate::oidc::TokenSpec;

/// A fault: one link of the chain, broken in one way.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// The stable name, such as `sts-throttled`.
    pub id: &'static str,
    /// The cause that it demonstrates, which determines the link.
    pub cause: Cause,
    /// The broken part: lower case, no full stop.
    pub broken: &'static str,
    /// The symptom that a client sees: lower case, no full stop.
    pub shows: &'static str,
    /// How to switch it on.
    pub mechanism: Mechanism,
}

/// How a fault is switched on.
#[derive(Debug, Clone, Copy)]
pub enum Mechanism {
    /// By switches of the lab, which `POST /faults` sets.
    Lab(fn(&mut FaultPlan)),
    /// By the pod's token, minted by [`Lab::mint_token`](crate::Lab::mint_token) or `POST /mint`.
    Token(fn(&mut TokenSpec)),
    /// By the pod's environment: variables to set, or with `None` to unset.
    Environment(&'static [(&'static str, Option<&'static str>)]),
    /// By the pod's role, user or files: an instruction.
    Pod(&'static str),
}

/// An ID that cannot be switched on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultIdError {
    /// The catalogue has no such fault.
    #[error("unknown fault `{id}`; valid ids: {}", valid_ids())]
    Unknown {
        /// The requested ID.
        id: String,
    },
    /// The fault is in the pod, not in the lab.
    #[error(
        "fault `{id}` is in the pod, not in the lab: {how}; ids that the lab can switch on: {}",
        lab_ids()
    )]
    InThePod {
        /// The requested ID.
        id: &'static str,
        /// How to break it.
        how: String,
    },
}

/// Returns the fault with this ID.
///
/// # Errors
/// The ID is unknown; the error lists the valid IDs.
pub fn find(id: &str) -> Result<&'static Fault, FaultIdError> {
    let found = Fault::ALL.iter().find(|fault| fault.id == id);
    found.ok_or_else(|| FaultIdError::Unknown { id: id.to_owned() })
}

/// Returns the catalogue as Markdown, for the documentation.
pub fn markdown_table() -> String {
    let mut table = "| id | link | cause | what is broken | what a client sees | how |\n\
                     | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for fault in Fault::ALL {
        let Fault {
            id,
            cause,
            broken,
            shows,
            mechanism,
        } = fault;
        let (link, how) = (cause.link(), mechanism.instruction());
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            table,
            "| `{id}` | {link} | `{cause}` | {broken} | {shows} | {how} |"
        );
    }
    table
}

impl Fault {
    /// Every fault, in the order of the chain.
    pub const ALL: &'static [Self] = table::TABLE;

    /// Switches the fault on in a plan.
    ///
    /// # Errors
    /// The fault is in the pod.
    pub fn break_lab(&self, plan: &mut FaultPlan) -> Result<(), FaultIdError> {
        match self.mechanism {
            Mechanism::Lab(switch) => {
                switch(plan);
                Ok(())
            }
            _ => Err(FaultIdError::InThePod {
                id: self.id,
                how: self.mechanism.instruction(),
            }),
        }
    }

    /// Returns whether the plan has this fault switched on.
    pub fn is_on(&self, plan: &FaultPlan) -> bool {
        let mut switched = plan.clone();
        self.break_lab(&mut switched).is_ok() && switched == *plan
    }
}

impl FaultPlan {
    /// Returns a plan with these faults, and no others.
    ///
    /// # Errors
    /// An ID is unknown, or its fault is in the pod.
    pub fn from_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<Self, FaultIdError> {
        let mut plan = Self::default();
        for id in ids {
            find(id)?.break_lab(&mut plan)?;
        }
        Ok(plan)
    }

    /// Returns the faults of the catalogue that the plan has switched on.
    pub fn faults(&self) -> impl Iterator<Item = &'static Fault> {
        Fault::ALL.iter().filter(|fault| fault.is_on(self))
    }
}

impl Mechanism {
    /// Returns the instruction in Markdown.
    pub fn instruction(&self) -> String {
        match self {
            Self::Lab(_) => "`POST /faults`".to_owned(),
            Self::Token(_) => "mint a token with `POST /mint`".to_owned(),
            Self::Environment(variables) => {
                let one = |(name, value): &(&str, Option<&str>)| match value {
                    Some(value) => format!("set `{name}={value}`"),
                    None => format!("unset `{name}`"),
                };
                variables.iter().map(one).collect::<Vec<_>>().join(", ")
            }
            Self::Pod(instruction) => (*instruction).to_owned(),
        }
    }
}

fn valid_ids() -> String {
    ids(|_| true)
}

pub(crate) fn lab_ids() -> String {
    ids(|fault| matches!(fault.mechanism, Mechanism::Lab(_)))
}

fn ids(wanted: fn(&Fault) -> bool) -> String {
    let wanted = Fault::ALL.iter().filter(|fault| wanted(fault));
    wanted.map(|fault| fault.id).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
