//! Who signed the request, or the error that STS gives instead.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode};

use super::Sts;
use super::error::StsError;
use crate::sessions::Session;
use crate::sigv4::{self, SignatureFault, SignedRequest, Target, amz_date};
use crate::world::Role;

/// Signed requests may be this old or this new.
const WINDOW: Duration = Duration::from_mins(15);

impl Sts {
    /// The session that signed `request`, and its role.
    pub(super) fn authenticate(
        &self,
        request: &Request<Bytes>,
        now: SystemTime,
    ) -> Result<(Arc<Session>, &Role), StsError> {
        let signed = SignedRequest {
            method: request.method(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or(""),
            headers: request.headers(),
            body: request.body(),
        };
        let target = Target {
            region: self.world.region(),
            service: "sts",
            tolerance_ahead: WINDOW,
            takes_unsigned_payload: false,
        };
        let session = sigv4::verify(&signed, &target, now, &self.sessions)
            .map_err(|fault| signature_error(&fault, now))?;
        let role = self.world.role(&session.spec.role);
        Ok((
            session,
            role.ok_or_else(|| signature_error(&SignatureFault::UnknownCredentials, now))?,
        ))
    }
}

fn signature_error(fault: &SignatureFault, now: SystemTime) -> StsError {
    let (status, code, message) = match fault {
        SignatureFault::Missing => (
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token".to_owned(),
        ),
        SignatureFault::Incomplete(part) => (400, "IncompleteSignature", incomplete(part)),
        SignatureFault::UnknownCredentials => (
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.".to_owned(),
        ),
        SignatureFault::ExpiredCredentials => (
            403,
            "ExpiredToken",
            "The security token included in the request is expired".to_owned(),
        ),
        SignatureFault::WrongScope { region, service } => {
            (403, MISMATCH_CODE, scope_text(*region, *service))
        }
        SignatureFault::TooOld { signed_at } => (403, MISMATCH_CODE, too_old(*signed_at, now)),
        SignatureFault::TooNew { signed_at } => (403, MISMATCH_CODE, too_new(*signed_at, now)),
        SignatureFault::Mismatch => (403, MISMATCH_CODE, MISMATCH.to_owned()),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    StsError::new(status, code, message, fault.cause())
}

const MISMATCH_CODE: &str = "SignatureDoesNotMatch";
const MISMATCH: &str = "The request signature we calculated does not match the signature you \
                        provided. Check your AWS Secret Access Key and signing method. Consult the \
                        service documentation for details.";

fn incomplete(part: &str) -> String {
    match part {
        "algorithm" => "Unsupported AWS 'algorithm'.".to_owned(),
        "X-Amz-Date" => "Authorization header requires existence of either a 'X-Amz-Date' or a \
                         'Date' header."
            .to_owned(),
        _ => format!("Authorization header requires '{part}' parameter."),
    }
}

/// The space at the end of each sentence is AWS's.
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

fn too_old(signed_at: SystemTime, now: SystemTime) -> String {
    let limit = now.checked_sub(WINDOW).unwrap_or(now);
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!("Signature expired: {signed_at} is now earlier than {limit} ({now} - 15 min.)")
}

fn too_new(signed_at: SystemTime, now: SystemTime) -> String {
    let limit = now.checked_add(WINDOW).unwrap_or(now);
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!("Signature not yet current: {signed_at} is still later than {limit} ({now} + 15 min.)")
}
