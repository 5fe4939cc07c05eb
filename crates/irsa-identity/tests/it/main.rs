//! Identities with servers that implement the necessary parts of AWS's protocols.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod aws;
mod canonical_form;
mod chained;
mod clock;
mod http_signing;
mod imds;
mod inspection;
mod network;
mod pod_identity;
mod profile;
mod secrets;
mod server;
mod web_identity;
