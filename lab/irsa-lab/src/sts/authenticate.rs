//! Authentication of a request, with the errors of STS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode};

use super::Sts;
use super::error::StsError;
use crate::caller::{authenticate, signed_parts};
use crate::sessions::Session;
use crate::sigv4::sentences::{self, Messages};
use crate::sigv4::{SignatureFault, SignedRequest, Target};
use crate::world::Role;

/// Maximum time by which a request may be signed in the future.
const AHEAD: Duration = Duration::from_mins(15);

impl Sts {
    /// Returns the session that signed `request`, and its role.
    pub(super) fn authenticate(
        &self,
        request: &Request<Bytes>,
        now: SystemTime,
    ) -> Result<(Arc<Session>, &Role), StsError> {
        let signed = signed_parts(request);
        let target = Target {
            region: self.world.region(),
            service: "sts",
            tolerance_ahead: AHEAD,
            takes_unsigned_payload: false,
        };
        let caller = authenticate(&signed, &target, now, (&self.sessions, &self.world));
        caller.map_err(|fault| signature_error(&fault, &signed, now))
    }
}

fn signature_error(
    fault: &SignatureFault,
    request: &SignedRequest<'_>,
    now: SystemTime,
) -> StsError {
    let refused =
        |code, message: &str| StsError::new(StatusCode::FORBIDDEN, code, message, fault.cause());
    match fault {
        SignatureFault::Missing => refused(
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ),
        SignatureFault::Incomplete(_) => {
            let Messages { caller, log } = sentences::incomplete(fault, request);
            let status = StatusCode::BAD_REQUEST;
            StsError::new(status, "IncompleteSignature", caller, fault.cause()).logged_as(log)
        }
        SignatureFault::UnknownCredentials => refused("InvalidClientTokenId", sentences::INVALID),
        SignatureFault::ExpiredCredentials => refused("ExpiredToken", sentences::EXPIRED),
        SignatureFault::WrongScope { region, service } => {
            refused(MISMATCH_CODE, &scope_text(*region, *service))
        }
        SignatureFault::TooOld { signed_at } => {
            refused(MISMATCH_CODE, &sentences::too_old(*signed_at, now))
        }
        SignatureFault::TooNew { signed_at } => {
            refused(MISMATCH_CODE, &sentences::too_new(*signed_at, now, AHEAD))
        }
        SignatureFault::HostUnsigned => refused(MISMATCH_CODE, sentences::HOST_UNSIGNED),
        SignatureFault::Mismatch => refused(MISMATCH_CODE, sentences::MISMATCH),
    }
}

const MISMATCH_CODE: &str = "SignatureDoesNotMatch";

/// Returns AWS's sentences, each of which ends in a space.
fn scope_text(region: bool, service: bool) -> String {
    let region = if region {
        "Credential should be scoped to a valid region. "
    } else {
        ""
    };
    let service = if service {
        "Credential should be scoped to correct service: 'sts'. "
    } else {
        ""
    };
    format!("{region}{service}")
}
