//! What the tests of several crates stand on.
#![warn(missing_docs)]

mod log;
pub mod program;
pub mod secrets;

pub use self::log::Log;
