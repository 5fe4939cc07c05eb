//! Sockets and TLS for the rest of `irsa`: listeners, connectors, limits, drain, and what of the
//! process has to do with them.
//!
//! Nothing here knows PostgreSQL, HTTP or AWS, but for two things: the root certificates of RDS
//! ([`tls::Roots::rds`]) and the words of the identity chain, in which a failed connection names
//! its [`Cause`](irsa_chain::Cause).

pub mod connect;
pub mod drain;
mod keepalive;
pub mod limit;
pub mod listen;
pub mod observed;
pub mod process;
pub mod replaceable;
pub mod retry;
pub mod tls;

pub use rustls;
pub use tokio_rustls;
