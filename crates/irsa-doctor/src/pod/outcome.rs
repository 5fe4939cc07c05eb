//! Outcomes that the steps of several areas share.

use std::future;

use irsa_identity::IdentityError;

use super::fault::Fault;
use super::text::clean;
use crate::{CheckOutcome, Work};

/// The future of a check that has nothing to wait for.
pub(super) fn ready<'a>(seen: CheckOutcome) -> Work<'a> {
    Box::pin(future::ready(seen))
}

/// The outcome of a check whose probe ended without a result.
pub(super) fn cancelled() -> CheckOutcome {
    CheckOutcome::unsure("the check was cancelled")
}

/// The outcome for an identity error: broken, or unsure if its cause is unknown.
pub(super) fn from_error(error: &IdentityError) -> CheckOutcome {
    let said = clean(&error.to_string());
    match error.cause() {
        Some(cause) => CheckOutcome::broken(cause, said),
        None => CheckOutcome::unsure(said),
    }
    .remedy(error.remedy())
}

/// The outcome for a fault: broken, or unsure if its cause is unknown.
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
