//! Checks from where the workload runs: its files, its environment, its network, and what STS, the databases and the
//! domains answer to it.
//!
//! What takes long is begun at once, side by side, and looked at when the walk comes to it: the whole ends in time
//! however many of those that are asked never answer.

mod background;
mod database;
mod domain;
mod endpoint;
mod environment;
mod https;
mod issuer;
mod jwt;
mod node;
mod options;
mod state;
mod store;
mod sts;
mod text;
mod token;

use std::time::Duration;

pub use self::options::{DatabaseTarget, DomainTarget, Options, Route};
pub use self::state::Pod;
use crate::{Check, Finding, Progress, Step, Workload};

/// The checks in the chain's order, and how they are made.
pub static STEPS: &[Step<Pod>] = &[
    environment::IDENTITY_GIVEN,
    environment::IDENTITY_RIVALS,
    environment::ROLE_ARN,
    environment::REGION,
    environment::REGION_PARTITION,
    environment::SESSION_NAME,
    token::FILE,
    token::FORM,
    token::EXPIRY,
    token::NOT_BEFORE,
    token::LIFETIME,
    token::AUDIENCE,
    token::SUBJECT,
    issuer::DISCOVERY,
    issuer::KEYS,
    issuer::SIGNATURE,
    sts::REACHABLE,
    sts::CLOCK,
    sts::REQUEST,
    sts::ISSUER,
    sts::AUDIENCE,
    sts::KEYS,
    sts::TRUST,
    sts::SESSION,
    sts::CALLER,
    sts::ROLE_CHAIN,
    node::NODE_ROLE,
    database::ENDPOINT,
    database::DNS,
    database::TCP,
    database::TLS,
    database::ANSWER,
    database::MEMBERSHIP,
    database::LOGIN,
    database::CONNECT,
    database::SESSION,
    domain::DNS,
    domain::TCP,
    domain::TLS,
    domain::ANSWER,
    domain::SIGNATURE,
    domain::PERMISSION,
    domain::GRANT,
];

/// What is checked from here.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    STEPS.iter().map(|step| step.check)
}

/// Walks the chain from here in no more than `limit`, and says what was learnt of the workload on the way.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn examine(
    options: Options,
    limit: Duration,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> (Vec<Finding>, Workload) {
    let mut pod = Pod::new(options);
    let findings = crate::examine(STEPS, &mut pod, limit, tell).await;
    (findings, pod.into_workload())
}
