//! A real PostgreSQL and a real OpenSearch, fetched, started, stopped and killed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "helpers of tests may fail loudly and tell what they fetch"
)]

mod fetch;
mod lifecycle;
mod opensearch;
mod orphan;
mod support;
