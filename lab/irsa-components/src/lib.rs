//! Fetches and supervises real servers for the lab and the tests.
//!
//! [`postgres`], [`opensearch`] and [`kubernetes`] bring a server of a pinned version onto a bare machine and run it as
//! a child that dies with its owner: [`guard`] sees to that. [`run_as`] picks the account for servers that refuse root.

mod artifact;
pub mod cache;
mod child;
mod fetch;
mod files;
pub mod guard;
pub mod kubernetes;
mod log_file;
pub mod maven;
pub mod opensearch;
pub mod postgres;
mod program;
pub mod run_as;
mod sha256;

pub use fetch::FetchError;
pub use files::FileError;

/// Receives one line for each step that takes long.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);
