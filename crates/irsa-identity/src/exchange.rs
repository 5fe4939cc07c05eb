//! The exchange of something that the pod has for credentials.

use std::fmt::Debug;
use std::pin::Pin;

use crate::{IdentityError, SessionCredentials};

mod agent;
mod assume_role;
mod env;
pub(crate) mod from_source;
mod imds;
mod pod_identity;
mod web_identity;

pub(crate) use assume_role::AssumeRole;
pub(crate) use imds::Imds;
pub(crate) use pod_identity::agent_url;

/// The result of an exchange.
pub(crate) type Exchanged<'a> =
    Pin<Box<dyn Future<Output = Result<SessionCredentials, IdentityError>> + Send + 'a>>;

/// A method to obtain credentials.
pub(crate) trait Exchange: Debug + Send + Sync {
    /// Makes a single attempt.
    fn exchange(&self) -> Exchanged<'_>;
}
