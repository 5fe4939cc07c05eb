//! The doctor before chains that are whole and chains that are broken on purpose.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests panic when something is wrong"
)]

mod aws;
mod cluster;
mod docs;
mod layers;
mod pod;
mod render;
mod report;
mod scenario;
