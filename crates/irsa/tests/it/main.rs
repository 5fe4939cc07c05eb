//! The program without a data store: help, usage errors, and offline policy evaluation.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod exit_codes;
mod explain;
mod help;
mod monitoring;
mod policy;
mod set_up;
mod usage;
