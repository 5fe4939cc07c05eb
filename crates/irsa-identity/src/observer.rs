//! Reports of calls to STS, for traces.

use std::fmt::Debug;
use std::time::Duration;

use irsa_chain::Region;

use crate::IdentityError;

/// A completed call to STS.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StsCall<'a> {
    /// The name of the operation, such as `AssumeRoleWithWebIdentity`.
    pub operation: &'static str,
    /// The region, if the settings or the environment name it.
    pub region: Option<&'a Region>,
    /// The duration, including the connection.
    pub took: Duration,
    /// The reason for a failure.
    pub error: Option<&'a IdentityError>,
}

/// Receives a report of each call to STS.
pub trait StsObserver: Debug + Send + Sync {
    /// Receives the report. It must not block.
    fn called(&self, call: &StsCall<'_>);
}
