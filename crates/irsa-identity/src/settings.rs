//! What an identity is started with.

use std::path::PathBuf;
use std::time::Duration;

use irsa_chain::{Region, RoleArn, SessionName};

use crate::{Environment, SourceChoice};

/// How an identity gets its credentials.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Which source to use.
    pub choice: SourceChoice,
    /// The region of STS; else `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: Option<Region>,
    /// The URL of STS; else `AWS_ENDPOINT_URL_STS`, else the region's own endpoint.
    pub sts_endpoint: Option<String>,
    /// Use the FIPS endpoint (also by `AWS_USE_FIPS_ENDPOINT=true`). This side's cryptography (ring)
    /// is not a validated module.
    pub fips: bool,
    /// Use the dual-stack endpoint (also by `AWS_USE_DUALSTACK_ENDPOINT=true`).
    pub dual_stack: bool,
    /// A PEM file of certificate authorities to trust besides the system's; `AWS_CA_BUNDLE` adds
    /// to it.
    pub ca_file: Option<PathBuf>,
    /// The session's name; else `AWS_ROLE_SESSION_NAME`, else made of `HOSTNAME`, else `irsa`.
    pub session_name: Option<SessionName>,
    /// Roles to assume one after the other on top of the source's.
    pub role_chain: Vec<RoleStep>,
    /// The variables that the source is read from.
    pub environment: Environment,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

impl IdentitySettings {
    /// Settings that leave all but the source to the environment.
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

/// One more role, assumed with the credentials of the one before (`sts:AssumeRole`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleStep {
    /// The role to assume.
    pub role: RoleArn,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// The session's name; by default the same as the identity's below.
    pub session_name: Option<SessionName>,
}

/// How long an identity waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a TCP and TLS connection; 3 s.
    pub connect: Duration,
    /// For one exchange from beginning to end; 10 s.
    pub exchange: Duration,
    /// How long [`Identity::credentials`](crate::Identity::credentials) waits for credentials
    /// when there are none; 15 s.
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
