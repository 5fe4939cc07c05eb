//! Downloads and supervises real servers for the lab and the tests.
//!
//! [`postgres`], [`opensearch`] and [`kubernetes`] install a server of a pinned version on a bare machine and run it as
//! a child process that ends with its owner, which [`guard`] ensures. [`run_as`] selects the account for servers that
//! do not run as root. [`terraform`] runs the real Terraform over stand-ins for the AWS provider and for modules.
//! [`helm`] builds the real Helm.

mod artifact;
pub mod cache;
mod child;
mod fetch;
mod files;
mod go;
pub mod guard;
pub mod helm;
pub mod kubernetes;
mod log_file;
pub mod maven;
pub mod opensearch;
pub mod postgres;
mod program;
pub mod run_as;
mod sha256;
pub mod terraform;

pub use fetch::FetchError;
pub use files::FileError;
pub use go::GoError;

/// Receives a line for each step that takes long.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);
