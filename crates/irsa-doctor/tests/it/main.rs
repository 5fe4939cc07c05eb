//! Tests of the doctor with whole chains, and with chains that are broken on purpose.
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

/// The stages of all places, with the scenarios that run on each.
fn suites() -> Vec<scenario::run::Suite> {
    let suites = pod::suites().into_iter();
    suites.chain([cluster::suite(), aws::suite()]).collect()
}
