//! The vocabulary of the identity chain: ARNs, endpoints, service accounts, links and causes.
//!
//! A workload reaches a data store through a chain of links ([`Link`]): a service account, its projected token, the OIDC
//! provider, the trust policy, an STS session, permissions, a signature, an endpoint and a grant. Each fault of a link is
//! a [`Cause`] with a summary and a remedy. The other types are the names that occur in those links. Each of them parses
//! from text, prints the same text, and (de)serializes as that text.
//!
//! [`untrusted`], [`timestamp`] and [`duration`] have the text formats that all messages share.
//!
//! This crate does no I/O, reads no clock and writes no logs.

mod account_id;
mod arn;
pub mod cause;
mod db_resource_id;
mod db_user_arn;
pub mod duration;
pub mod endpoint;
mod issuer_url;
mod link;
mod parse_error;
mod partition;
mod region;
mod service_account;
mod session_name;
mod text;
pub mod timestamp;
pub mod untrusted;

pub use account_id::AccountId;
pub use arn::{Arn, AssumedRoleArn, OidcProviderArn, RoleArn};
pub use cause::Cause;
pub use db_resource_id::{DbResourceId, DbResourceKind};
pub use db_user_arn::DbUserArn;
pub use issuer_url::IssuerUrl;
pub use link::Link;
pub use parse_error::ParseError;
pub use partition::Partition;
pub use region::Region;
pub use service_account::ServiceAccount;
pub use session_name::SessionName;
