//! Findings that the steps of several areas share.

use std::future;

use irsa_identity::IdentityError;

use super::fault::Fault;
use super::text::clean;
use crate::{CheckOutcome, Work};

/// The work of a check that has nothing to wait for.
pub(super) fn ready<'a>(seen: CheckOutcome) -> Work<'a> {
    Box::pin(future::ready(seen))
}

/// The finding of a check whose probe ended before it had a result.
pub(super) fn cancelled() -> CheckOutcome {
    CheckOutcome::unsure("the check was cancelled")
}

/// The finding that an error of the identity stands for: no verdict if its cause is unknown.
pub(super) fn from_error(error: &IdentityError) -> CheckOutcome {
    let said = clean(&error.to_string());
    match error.cause() {
        Some(cause) => CheckOutcome::broken(cause, said),
        None => CheckOutcome::unsure(said),
    }
    .remedy(error.remedy())
}

/// The finding that a fault stands for: no verdict if its cause is unknown.
pub(super) fn from_fault(fault: &Fault) -> CheckOutcome {
    let seen = match fault.cause {
        Some(cause) => CheckOutcome::broken(cause, fault.said.clone()),
        None => CheckOutcome::unsure(fault.said.clone()),
    };
    match &fault.remedy {
        Some(remedy) => seen.remedy(remedy.clone()),
        None => seen,
    }
}
