//! The lab over its network interfaces, without databases but with a real OpenSearch: each refusal with AWS's text, and
//! its cause in the ledger.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod admin;
mod assume_role;
mod caller_identity;
mod client;
mod facts;
mod faults;
mod imds;
mod network;
mod oidc;
mod opensearch;
mod passed;
mod pod_identity;
mod secrets_manager;
mod signer;
mod signing;
mod stage;
mod web_identity;
