//! Real servers: downloaded or built, started, stopped and killed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "test helpers may panic and print their progress"
)]

mod fetch;
mod kubernetes;
mod lifecycle;
mod opensearch;
mod orphan;
mod support;
mod terraform;
