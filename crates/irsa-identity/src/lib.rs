//! Token file to STS to credentials that refresh; RDS tokens.
//!
//! An [`Identity`] is one IAM role session that renews itself in the background. It takes its
//! credentials from one [`ResolvedSource`], named or decided once at the start, and never from
//! another: a broken link is an [`IdentityError`] that names the link, not a fallback to the
//! node's role. An [`RdsSigner`] turns the session into IAM database authentication tokens,
//! [`sign_http`] into signatures of requests to OpenSearch.
//!
//! # The network
//!
//! STS and single sign-on are asked over TLS by rustls with ring; the system's certificate
//! authorities are believed, or Mozilla's where the system has none, and those of
//! [`IdentitySettings::ca_file`] and `AWS_CA_BUNDLE` besides. `HTTPS_PROXY`, else `ALL_PROXY`, names
//! an HTTP proxy to go through, `NO_PROXY` the hosts to reach without it. The Pod Identity agent,
//! the instance metadata service and loopback are always reached without it. The library's own log
//! lines and errors hold no secret; those of AWS's SDKs, which do at trace level, are not let out.

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
pub use error::redact::redact;
pub use error::scrub::scrub;
pub use http_signing::{
    CanonicalTarget, HttpRequest, HttpSignature, PayloadHash, SigningScope, SigningService,
    UnknownSigningService, sign_http,
};
pub use identity::Identity;
pub use inspection::{Inspection, StsAnswer, read_token_file, sign_rds_token};
pub use rds::{RdsSigner, RdsTarget, RdsToken};
pub use secrecy::{ExposeSecret, SecretString};
pub use settings::{IdentitySettings, RoleStep, Timeouts};
pub use source::{ResolvedSource, SourceChoice, SourceChoiceError};
pub use state::{IdentityCounters, IdentityState};
pub use sts::ClockOffset;
