//! Real clients through the real proxy, in front of the lab, of a real PostgreSQL and of a real OpenSearch.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
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
