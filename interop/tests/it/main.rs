//! Real clients through the real proxy, in front of the lab and of a real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod clients;
mod fallback;
mod incumbent;
mod psql;
mod replication;
mod stage;
