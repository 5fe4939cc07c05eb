//! Reads the AWS settings of a workload's identity chain.
//!
//! An [`AwsReader`] reads OIDC providers, roles and their policies, the clusters and domains behind endpoints, EKS Pod
//! Identity associations, and secrets. It returns facts, not verdicts, and makes only read-only calls, with the
//! credentials of an [`irsa_identity::Identity`]. Each call has a time limit, within which throttled calls and internal
//! errors are retried. A failed call is a [`ReadError`] with the reason and the action to allow.
//!
//! The calls are implemented here and signed by `irsa-identity`: five AWS SDK crates for sixteen operations would take
//! up most of every build.

mod answers;
mod eks;
mod endpoints;
mod error;
mod error_response;
mod iam;
mod json_answer;
mod opensearch;
mod query;
mod rds;
mod reader;
mod secret;
mod xml;

pub use eks::PodIdentityAssociation;
pub use error::{ReadError, ReadErrorKind};
pub use iam::{AttachedPolicy, OidcProvider, Role};
pub use opensearch::DomainSettings;
pub use rds::{DatabaseSettings, MasterUserSecret};
pub use reader::AwsReader;
