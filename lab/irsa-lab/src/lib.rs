//! The AWS side of the identity chain on one machine: OIDC issuer, STS, IAM, IMDS, Pod Identity agent, Secrets Manager, an
//! Aurora front on a real PostgreSQL and an OpenSearch front on a real OpenSearch, with AWS's wire formats, error codes
//! and texts.
//!
//! The lab shares no signing code with `irsa-identity`: it verifies with separate code, so that one misconception
//! cannot affect both. [`Lab::start`] composes everything, [`World`] describes what exists, and [`Ledger`] records
//! requests and refusals by link of the chain.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod admin;
pub mod aurora;
mod caller;
mod certificates;
pub mod clock;
pub mod deps;
mod environment;
pub mod error;
pub mod facts;
pub mod faults;
mod iam;
pub mod imds;
mod jwt;
mod lab;
pub mod ledger;
mod network;
pub mod oidc;
pub mod opensearch;
mod options;
pub mod pod_identity;
mod pods;
mod projection;
mod random;
pub mod rds_token;
mod reply;
mod secrets_manager;
mod services;
pub mod sessions;
pub mod sigv4;
mod state_dir;
pub mod sts;
#[cfg(test)]
mod vectors;

pub use clock::LabClock;
pub use deps::FrontDeps;
pub use environment::exports;
pub use error::LabError;
pub use facts::{ClusterFacts, DomainFacts, LabFacts, WorkloadFacts};
pub use faults::Faults;
pub use irsa_world::{self as world, World, secret};
pub use lab::Lab;
pub use ledger::{Ledger, LedgerSnapshot};
pub use options::{LabOptions, LabPorts};
pub use sessions::Sessions;
pub use state_dir::default_state_dir;
