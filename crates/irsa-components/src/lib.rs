//! Fetches and supervises real servers for the lab and the tests.
//!
//! [`postgres`] brings a PostgreSQL of a pinned version onto a bare machine and runs it as a child that dies with
//! its owner. [`run_as`] picks the account for servers that refuse root.

pub mod cache;
pub mod postgres;
pub mod run_as;
