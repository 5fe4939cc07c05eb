//! What AWS's read-only calls say of a workload's chain.
//!
//! An [`AwsReader`] reads the OIDC providers and roles of an account, and what an endpoint of RDS or OpenSearch leads
//! to: facts, no verdicts. It is asked with the credentials of whoever looks, as an [`irsa_identity::Identity`] has
//! them. Each call has a deadline, and what was throttled or failed within AWS is asked again until then; what can't be read is a [`ReadError`] that says why, and which
//! action would have to be allowed. Everything here is read: no call changes anything.
//!
//! The calls are made by hand, signed by `irsa-identity`: three of AWS's SDK crates for thirteen operations would be
//! the better part of every build.

mod endpoints;
mod error;
mod iam;
mod opensearch;
mod query;
mod rds;
mod reader;
mod refusal;

pub use error::{ReadError, ReadErrorKind};
pub use iam::{AttachedPolicy, OidcProvider, Role};
pub use opensearch::DomainSettings;
pub use rds::DatabaseSettings;
pub use reader::AwsReader;
