//! Sockets and TLS: listeners, connectors, limits, graceful drain, and process hardening.
//!
//! This crate does not depend on PostgreSQL, HTTP or AWS, with two exceptions: the root certificates of RDS
//! ([`tls::Roots::rds`]), and the [`Cause`](irsa_chain::Cause) of a failed connection.

pub mod asked_once;
pub mod connect;
pub mod drain;
pub mod error_chain;
pub mod http_date;
mod keepalive;
pub mod limit;
pub mod listen;
pub mod observed;
pub mod process;
pub mod replaceable;
pub mod retry;
pub mod tls;
pub mod watched_files;

pub use rustls;
pub use tokio_rustls;
