//! The foundation of the tests with real clients: client programs, servers, and the proxy between them.
//!
//! Clients are programs in other languages in `clients/`. Each reads its server from variables (libpq's `PGHOST` and so
//! on, or `OPENSEARCH_URL`) and prints a JSON line for each check. The same program runs straight to a server and
//! through the proxy, and must produce the same results.

pub mod charts;
pub mod client;
pub mod faults;
pub mod fixed;
pub mod http;
pub mod opensearch;
pub mod port;
pub mod proxy;
pub mod races;
pub mod server;
pub mod suites;
pub mod target;

/// Any error of these helpers, which tests only print.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
