//! One exchange: something the pod has, for credentials.

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

/// What an exchange comes to.
pub(crate) type Exchanged<'a> =
    Pin<Box<dyn Future<Output = Result<SessionCredentials, IdentityError>> + Send + 'a>>;

/// A way to get credentials.
pub(crate) trait Exchange: Debug + Send + Sync {
    /// Tries once.
    fn exchange(&self) -> Exchanged<'_>;
}
