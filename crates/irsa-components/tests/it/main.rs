//! A real PostgreSQL, fetched, started, stopped and killed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "helpers of tests may fail loudly and tell what they fetch"
)]

mod fetch;
mod lifecycle;
mod orphan;
mod support;
