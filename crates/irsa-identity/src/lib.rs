//! The identity of a pod: from the token file through STS to credentials that renew themselves, and the RDS tokens and
//! signatures made with them.
//!
//! An [`Identity`] is an IAM role session that renews itself in the background. Its credentials come from exactly one
//! [`ResolvedSource`], which is named or detected at the start. If that fails, the [`IdentityError`] names the broken
//! link; there is no fallback to the node's role. An [`RdsSigner`] creates IAM database authentication tokens, and
//! [`sign_http`] signs requests to OpenSearch.
//!
//! # The network
//!
//! Connections to STS and IAM Identity Center use TLS by rustls with ring. The trusted CAs are those of the system, or
//! Mozilla's on a system without CAs, together with [`IdentitySettings::ca_file`] and `AWS_CA_BUNDLE`. `HTTPS_PROXY`,
//! else `ALL_PROXY`, names an HTTP proxy, and `NO_PROXY` the hosts that are reached without it. The Pod Identity agent,
//! the instance metadata service and loopback are always reached directly. Log records and errors of this crate contain
//! no secrets. Log records of the AWS SDKs are suppressed, because they contain secrets at trace level.

mod api;
mod clock;
mod credentials;
mod environment;
mod error;
mod exchange;
mod http;
mod http_signing;
mod identity;
mod inspection;
mod observer;
mod profile;
mod rds;
mod refresh;
mod settings;
mod source;
mod state;
mod sts;
mod token_file;

pub use api::{ApiAnswer, ApiCall, ApiError};
pub use clock::{Clock, ManualClock, SystemClock};
pub use credentials::{CallerIdentity, SessionCredentials};
pub use environment::Environment;
pub use error::IdentityError;
pub use error::scrub::scrub;
pub use http_signing::{
    CanonicalTarget, HttpRequest, HttpSignature, PayloadHash, SigningScope, SigningService,
    UnknownSigningService, sign_http,
};
pub use identity::Identity;
pub use inspection::{Inspection, StsAnswer, read_token_file, sign_rds_token};
pub use observer::{IdentityCall, IdentityObserver, IdentityService};
pub use rds::{RdsSigner, RdsTarget, RdsToken};
pub use secrecy::{ExposeSecret, SecretString};
pub use settings::{IdentitySettings, RoleStep, Timeouts};
pub use source::{ResolvedSource, SourceChoice, SourceChoiceError};
pub use state::{IdentityCounters, IdentityState};
pub use sts::ClockOffset;
