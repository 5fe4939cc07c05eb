//! What the tests with real clients stand on: client programs, servers to send them to, and the proxy between them.
//!
//! Clients are programs of other languages under `clients/`; each takes its server from variables (libpq's own,
//! `PGHOST` and so on, or `OPENSEARCH_URL`) and prints one JSON line a check. The same program runs straight to a
//! server and through the proxy, and has to see the same.

pub mod client;
pub mod faults;
pub mod fixed;
pub mod http;
pub mod opensearch;
pub mod port;
pub mod proxy;
pub mod server;
pub mod suites;
pub mod target;

/// What anything here may fail with; tests only print it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
