//! Reports of calls that obtain credentials, for traces.

use std::fmt::Debug;
use std::time::Duration;

use irsa_chain::Region;

use crate::IdentityError;

/// A completed call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct IdentityCall<'a> {
    /// The service that was called.
    pub service: IdentityService<'a>,
    /// The duration, including the connection.
    pub took: Duration,
    /// The reason for a failure.
    pub error: Option<&'a IdentityError>,
}

/// A service that issues credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityService<'a> {
    /// STS.
    Sts {
        /// The name of the operation, such as `AssumeRoleWithWebIdentity`.
        operation: &'static str,
        /// The region, if the settings or the environment name it.
        region: Option<&'a Region>,
    },
    /// The EKS Pod Identity agent of the node.
    PodIdentityAgent {
        /// The host of its URL.
        host: &'a str,
    },
}

/// Receives a report of each call.
pub trait IdentityObserver: Debug + Send + Sync {
    /// Receives the report. It must not block.
    fn called(&self, call: &IdentityCall<'_>);
}
