//! Findings that the steps of several areas share.

use std::future;

use irsa_identity::IdentityError;

use super::fault::Fault;
use super::text::clean;
use crate::{Seen, Work};

/// The work of a check that has nothing to wait for.
pub(super) fn ready<'a>(seen: Seen) -> Work<'a> {
    Box::pin(future::ready(seen))
}

/// The finding of a check whose probe ended before it had a result.
pub(super) fn cancelled() -> Seen {
    Seen::unsure("the check was cancelled")
}

/// The finding that an error of the identity stands for: no verdict if its cause is unknown.
pub(super) fn from_error(error: &IdentityError) -> Seen {
    let said = clean(&error.to_string());
    match error.cause() {
        Some(cause) => Seen::broken(cause, said),
        None => Seen::unsure(said),
    }
    .remedy(error.remedy())
}

/// The finding that a fault stands for: no verdict if its cause is unknown.
pub(super) fn from_fault(fault: &Fault) -> Seen {
    let seen = match fault.cause {
        Some(cause) => Seen::broken(cause, fault.said.clone()),
        None => Seen::unsure(fault.said.clone()),
    };
    match &fault.remedy {
        Some(remedy) => seen.remedy(remedy.clone()),
        None => seen,
    }
}
