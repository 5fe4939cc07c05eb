//! What AWS says of signatures that it does not accept: the sentences that its services share.

use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;

use super::fault::SignatureFault;
use super::request::{Fields, SignedRequest, WINDOW};
use super::scope::amz_date;

/// The signature is another.
pub(crate) const MISMATCH: &str = "The request signature we calculated does not match the \
                                   signature you provided. Check your AWS Secret Access Key and \
                                   signing method. Consult the service documentation for details.";
/// The session is no more.
pub(crate) const EXPIRED: &str = "The security token included in the request is expired";
/// There never was such a session.
pub(crate) const INVALID: &str = "The security token included in the request is invalid.";
/// A request for one host must not be good for another.
pub(crate) const HOST_UNSIGNED: &str =
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";

const CREDENTIAL: &str = "Credential must have exactly 5 slash-delimited elements, e.g. \
                          keyid/date/region/service/term, got '{}'";
const DATE: &str = "Date must be in ISO-8601 'basic format'. Got '{}'. See \
                    http://en.wikipedia.org/wiki/ISO_8601";

/// A text for the caller, and one for the log: what the caller sent is not in that.
pub(crate) struct Told {
    pub(crate) caller: String,
    pub(crate) log: String,
}

/// What can't be read of a signature, or what it lacks: then the header is repeated.
pub(crate) fn incomplete(fault: &SignatureFault, request: &SignedRequest<'_>) -> Told {
    let fields = Fields::of(request);
    let missing = fields.map(|fields| fields.missing()).unwrap_or_default();
    if !missing.is_empty() {
        let log = missing.join(" ");
        let given = request.headers.get(AUTHORIZATION);
        let given = given.map(|given| String::from_utf8_lossy(given.as_bytes()));
        let caller = given.map_or_else(
            || log.clone(),
            |given| format!("{log} Authorization={given}"),
        );
        return Told { caller, log };
    }
    let (text, was) = match fault {
        SignatureFault::Incomplete("algorithm") => ("Unsupported AWS 'algorithm'.", None),
        SignatureFault::Incomplete("Credential") => (
            CREDENTIAL,
            fields.and_then(|fields| fields.get("Credential")),
        ),
        _ => (DATE, fields.and_then(|fields| fields.date())),
    };
    Told {
        caller: text.replace("{}", &was.unwrap_or_default()),
        log: text.replace("'{}'", "something else"),
    }
}

/// The region that a request was signed for.
pub(crate) fn signed_region(request: &SignedRequest<'_>) -> String {
    let credential = Fields::of(request).and_then(|fields| fields.get("Credential"));
    let region = credential
        .as_deref()
        .and_then(|credential| credential.split('/').nth(2));
    region.unwrap_or_default().to_owned()
}

/// Signed more than 15 minutes ago.
pub(crate) fn too_old(signed_at: SystemTime, now: SystemTime) -> String {
    let limit = now.checked_sub(WINDOW).unwrap_or(now);
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!("Signature expired: {signed_at} is now earlier than {limit} ({now} - 15 min.)")
}

/// Signed in a future that is further off than `tolerance`.
pub(crate) fn too_new(signed_at: SystemTime, now: SystemTime, tolerance: Duration) -> String {
    let limit = now.checked_add(tolerance).unwrap_or(now);
    let minutes = tolerance.as_secs() / 60;
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!(
        "Signature not yet current: {signed_at} is still later than {limit} ({now} + {minutes} \
         min.)"
    )
}
