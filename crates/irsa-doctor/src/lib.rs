//! Which link of the chain is broken, why, and what to change.
//!
//! A [`Check`] looks at one thing from one [`Place`] and says what it [`Seen`]; the checks of a place are [`Step`]s in
//! the chain's order, and [`examine`] walks them: what depends on something broken is not reached, what can't be
//! looked at says so and is never fine. A [`Report`] has all findings in the chain's order. Nothing in it is secret:
//! it can be pasted into a ticket.
#![warn(missing_docs)]

pub mod aws;
pub mod cluster;
pub mod docs;
pub mod pod;
pub mod render;

mod check;
mod finding;
mod report;
mod step;
mod vague;
mod workload;

pub use check::{Check, Place};
pub use finding::{Finding, Seen, Verdict};
pub use report::Report;
pub use step::{Progress, Step, Work, examine};
pub use workload::{Database, Domain, IdentityKind, Workload};
