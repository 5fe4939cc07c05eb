//! Helpers that the tests of several crates share.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "only tests use this crate, and a test that cannot go on fails"
)]

pub mod child;
mod client_hello;
mod clients;
mod files;
pub mod json_patch;
mod log;
pub mod program;
pub mod secrets;
mod shared;

pub use self::client_hello::incomplete_client_hello;
pub use self::clients::{prepared_client, print_line, skip};
pub use self::files::add_files_below;
pub use self::log::Log;
pub use self::shared::Shared;
