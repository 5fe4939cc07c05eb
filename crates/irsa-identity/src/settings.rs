//! The settings of an identity.

use std::path::PathBuf;
use std::time::Duration;

use irsa_chain::{Region, RoleArn, SessionName};

use crate::{Environment, SourceChoice};

/// The settings for obtaining credentials.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// The source of credentials.
    pub choice: SourceChoice,
    /// The region of STS; default `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: Option<Region>,
    /// The URL of STS; default `AWS_ENDPOINT_URL_STS`, else the endpoint of the region.
    pub sts_endpoint: Option<String>,
    /// True to use the FIPS endpoint (also set by `AWS_USE_FIPS_ENDPOINT=true`). The cryptography of this program
    /// (ring) is not a validated module.
    pub fips: bool,
    /// True to use the dual-stack endpoint (also set by `AWS_USE_DUALSTACK_ENDPOINT=true`).
    pub dual_stack: bool,
    /// A PEM file of CA certificates to trust in addition to the system's and those of `AWS_CA_BUNDLE`.
    pub ca_file: Option<PathBuf>,
    /// The name of the session; default `AWS_ROLE_SESSION_NAME`, else derived from `HOSTNAME`, else `irsa`.
    pub session_name: Option<SessionName>,
    /// Roles to assume one after the other, starting with the credentials of the source (role chaining).
    pub role_chain: Vec<RoleStep>,
    /// The environment variables of the source.
    pub environment: Environment,
    /// Time limits.
    pub timeouts: Timeouts,
}

impl IdentitySettings {
    /// Creates settings that take everything except the source from the environment.
    pub fn new(choice: SourceChoice, environment: Environment) -> Self {
        Self {
            choice,
            region: None,
            sts_endpoint: None,
            fips: false,
            dual_stack: false,
            ca_file: None,
            session_name: None,
            role_chain: Vec::new(),
            environment,
            timeouts: Timeouts::default(),
        }
    }
}

/// A role to assume with the credentials of the previous one (`sts:AssumeRole`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleStep {
    /// The role to assume.
    pub role: RoleArn,
    /// The external ID that the role's trust policy requires.
    pub external_id: Option<String>,
    /// The name of the session; default that of the identity.
    pub session_name: Option<SessionName>,
}

/// The time limits of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a TCP and TLS connection. Default 3 s.
    pub connect: Duration,
    /// For one exchange. Default 10 s.
    pub exchange: Duration,
    /// For waiting in [`Identity::credentials`](crate::Identity::credentials) when there are no credentials. Default 15
    /// s.
    pub wait: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            exchange: Duration::from_secs(10),
            wait: Duration::from_secs(15),
        }
    }
}
