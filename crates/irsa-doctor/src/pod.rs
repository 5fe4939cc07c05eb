//! Checks made where the workload runs: of its files, its environment and its network, and of the responses of STS, the
//! databases and the domains.
//!
//! Slow probes start immediately and run in parallel; each check waits for the one that it needs. This keeps the time
//! limit even if several servers do not respond.
//!
//! Each area has a `probe`, which does the I/O and returns plain facts, and `steps`, which turn facts into findings.
//! Steps use probes and the state, the state uses probes, and probes use neither.

mod background;
mod database;
mod domain;
mod endpoint;
mod environment;
mod fault;
mod https;
mod instance_metadata;
mod issuer;
mod jwt;
mod options;
mod outcome;
mod state;
mod sts;
mod text;
mod token;

use std::time::Duration;

pub use self::options::{DatabaseTarget, DomainTarget, Options, Route};
pub use self::state::Pod;
use crate::{Check, Finding, Progress, Step, Workload};

/// The checks in the chain's order.
pub static STEPS: &[Step<Pod>] = &[
    environment::steps::IDENTITY_GIVEN,
    environment::steps::IDENTITY_RIVALS,
    environment::steps::ROLE_ARN,
    environment::steps::REGION,
    environment::steps::REGION_PARTITION,
    environment::steps::SESSION_NAME,
    token::steps::FILE,
    token::steps::FORM,
    token::steps::EXPIRY,
    token::steps::NOT_BEFORE,
    token::steps::LIFETIME,
    token::steps::AUDIENCE,
    token::steps::SUBJECT,
    issuer::steps::DISCOVERY,
    issuer::steps::KEYS,
    issuer::steps::SIGNATURE,
    sts::steps::REACHABLE,
    sts::steps::CLOCK,
    sts::steps::REQUEST,
    sts::steps::ISSUER,
    sts::steps::AUDIENCE,
    sts::steps::KEYS,
    sts::steps::TRUST,
    sts::steps::SESSION,
    sts::steps::CALLER,
    sts::steps::ROLE_CHAIN,
    instance_metadata::steps::NODE_ROLE,
    database::steps::ENDPOINT,
    database::steps::DNS,
    database::steps::TCP,
    database::steps::TLS,
    database::steps::ANSWER,
    database::steps::MEMBERSHIP,
    database::steps::LOGIN,
    database::steps::CONNECT,
    database::steps::SESSION,
    domain::steps::DNS,
    domain::steps::TCP,
    domain::steps::TLS,
    domain::steps::ANSWER,
    domain::steps::SIGNATURE,
    domain::steps::PERMISSION,
    domain::steps::GRANT,
];

/// All checks of this place.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    STEPS.iter().map(|step| step.check)
}

/// Makes all checks within `limit`. Also returns what is now known of the workload.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn examine(
    options: Options,
    limit: Duration,
    report: &mut (dyn FnMut(Progress<'_>) + Send),
) -> (Vec<Finding>, Workload) {
    let mut pod = Pod::new(options);
    let findings = crate::examine(STEPS, &mut pod, limit, report).await;
    (findings, pod.into_workload())
}
