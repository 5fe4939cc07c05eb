//! Reads the AWS settings of a workload's identity chain.
//!
//! An [`AwsReader`] reads OIDC providers, roles and their policies, the clusters and domains behind endpoints, and
//! secrets. It returns facts, not verdicts, and makes only read-only calls, with the credentials of an
//! [`irsa_identity::Identity`]. Each call has a time limit, within which throttled calls and internal errors are
//! retried. A failed call is a [`ReadError`] with the reason and the action to allow.
//!
//! The calls are implemented here and signed by `irsa-identity`: four AWS SDK crates for fourteen operations would take
//! up most of every build.

mod endpoints;
mod error;
mod error_response;
mod iam;
mod opensearch;
mod query;
mod rds;
mod reader;
mod secret;
mod xml;

pub use error::{ReadError, ReadErrorKind};
pub use iam::{AttachedPolicy, OidcProvider, Role};
pub use opensearch::DomainSettings;
pub use rds::{DatabaseSettings, MasterUserSecret};
pub use reader::AwsReader;
