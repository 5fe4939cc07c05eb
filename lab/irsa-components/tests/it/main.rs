//! Real servers, fetched or built, started, stopped and killed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "helpers of tests may fail loudly and tell what they fetch"
)]

mod fetch;
mod kubernetes;
mod lifecycle;
mod opensearch;
mod orphan;
mod support;
