//! The program without a data store: its help, its usage errors, and offline policy evaluation.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod explain;
mod help;
mod monitoring;
mod policy;
mod usage;
