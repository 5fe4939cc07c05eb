//! AWS's sentences about rejected signatures, which its services share.

use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;

use super::fault::SignatureFault;
use super::request::{Fields, SignedRequest, WINDOW};
use super::scope::amz_date;

/// The signature does not match.
pub(crate) const MISMATCH: &str = "The request signature we calculated does not match the \
                                   signature you provided. Check your AWS Secret Access Key and \
                                   signing method. Consult the service documentation for details.";
/// The session has expired.
pub(crate) const EXPIRED: &str = "The security token included in the request is expired";
/// The session was never issued.
pub(crate) const INVALID: &str = "The security token included in the request is invalid.";
/// Without a signed host, a request could be replayed at a different host.
pub(crate) const HOST_UNSIGNED: &str =
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";

const CREDENTIAL: &str = "Credential must have exactly 5 slash-delimited elements, e.g. \
                          keyid/date/region/service/term, got '{}'";
const DATE: &str = "Date must be in ISO-8601 'basic format'. Got '{}'. See \
                    http://en.wikipedia.org/wiki/ISO_8601";

/// A message for the caller, and one for the log, which does not repeat the caller's input.
pub(crate) struct Messages {
    pub(crate) caller: String,
    pub(crate) log: String,
}

/// Returns the message about malformed or missing fields; it repeats the header if fields are missing.
pub(crate) fn incomplete(fault: &SignatureFault, request: &SignedRequest<'_>) -> Messages {
    let fields = Fields::from_request(request);
    let missing = fields.map(|fields| fields.missing()).unwrap_or_default();
    if !missing.is_empty() {
        let log = missing.join(" ");
        let given = request.headers.get(AUTHORIZATION);
        let given = given.map(|given| String::from_utf8_lossy(given.as_bytes()));
        let caller = given.map_or_else(
            || log.clone(),
            |given| format!("{log} Authorization={given}"),
        );
        return Messages { caller, log };
    }
    let (text, was) = match fault {
        SignatureFault::Incomplete("algorithm") => ("Unsupported AWS 'algorithm'.", None),
        SignatureFault::Incomplete("Credential") => (
            CREDENTIAL,
            fields.and_then(|fields| fields.get("Credential")),
        ),
        _ => (DATE, fields.and_then(|fields| fields.date())),
    };
    Messages {
        caller: text.replace("{}", &was.unwrap_or_default()),
        log: text.replace("'{}'", "something else"),
    }
}

/// Returns the region that a request was signed for.
pub(crate) fn signed_region(request: &SignedRequest<'_>) -> String {
    let credential = Fields::from_request(request).and_then(|fields| fields.get("Credential"));
    let region = credential
        .as_deref()
        .and_then(|credential| credential.split('/').nth(2));
    region.unwrap_or_default().to_owned()
}

/// The request was signed more than 15 minutes ago.
pub(crate) fn too_old(signed_at: SystemTime, now: SystemTime) -> String {
    let limit = now.checked_sub(WINDOW).unwrap_or(now);
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!("Signature expired: {signed_at} is now earlier than {limit} ({now} - 15 min.)")
}

/// The request was signed more than `tolerance` in the future.
pub(crate) fn too_new(signed_at: SystemTime, now: SystemTime, tolerance: Duration) -> String {
    let limit = now.checked_add(tolerance).unwrap_or(now);
    let minutes = tolerance.as_secs() / 60;
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!(
        "Signature not yet current: {signed_at} is still later than {limit} ({now} + {minutes} \
         min.)"
    )
}
