//! Real clients through the real proxy, in front of the lab, a real PostgreSQL and a real OpenSearch.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test helpers may panic"
)]

mod apps;
mod clients;
mod fallback;
mod incumbent;
mod opensearch;
mod psql;
mod replication;
mod stage;
mod status;
mod unreachable;
