//! Finds the broken link of the identity chain, its cause, and its remedy.
//!
//! A [`Check`] inspects one thing from one [`Place`] and returns a [`CheckOutcome`]. The checks of a place are [`Step`]s in
//! the chain's order, and [`examine`] makes them: a check that depends on a broken one is not reached, and one that could
//! not run says why and is never shown as passed. A [`Report`] has all findings in the chain's order. It contains no
//! secrets, so it can be pasted into a ticket.

pub mod aws;
pub mod cluster;
pub mod docs;
pub mod pod;
pub mod render;

mod audience;
mod check;
mod correlate;
mod finding;
mod issuer;
mod placeholders;
mod received_report;
mod remedy;
mod report;
mod setup_report;
mod specified;
mod step;
mod workload;

pub use check::{Check, Place};
pub use finding::{CheckOutcome, Finding, Verdict};
pub use received_report::received_findings;
pub use remedy::{Commands, Remedy};
pub use report::Report;
pub use setup_report::{ChainState, NotChecked, SetupReport, WorkloadReport};
pub use specified::{EksCluster, Specified, SpecifiedLines};
pub use step::{Progress, Step, Work, examine};
pub use workload::{Database, Domain, IdentityKind, Workload};
