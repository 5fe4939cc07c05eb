//! Applies a setup: creates the users and databases of PostgreSQL clusters, and the roles and role mappings of
//! OpenSearch domains.
//!
//! Each store is compared with the specification one step at a time, and each step is [reported](Steps) when it is
//! done. A run that was interrupted is completed by the next one. Objects that a run creates carry a
//! [mark](ownership_mark); nothing else is ever removed.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod error;
pub mod opensearch;
pub mod postgres;
mod step;

pub use irsa_stack::ownership_mark;

pub use self::error::ApplyError;
pub use self::step::{Mode, Step, StepState, Steps, Totals};
