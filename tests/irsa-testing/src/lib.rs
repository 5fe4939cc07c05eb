//! Helpers that the tests of several crates share.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "only tests use this crate, and a test that cannot go on fails"
)]

pub mod child;

mod log;
pub mod program;
pub mod secrets;

pub use self::log::Log;
