//! The caller of a signed request.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::Request;

use crate::sessions::{Session, Sessions};
use crate::sigv4::{self, SignatureFault, SignedRequest, Target};
use crate::world::{Role, World};

/// Returns the parts of a request that its signature covers.
pub(crate) fn signed_parts(request: &Request<Bytes>) -> SignedRequest<'_> {
    SignedRequest {
        method: request.method(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or(""),
        headers: request.headers(),
        body: request.body(),
    }
}

/// Returns the session that signed a request for `target`, and its role.
pub(crate) fn authenticate<'w>(
    request: &SignedRequest<'_>,
    target: &Target<'_>,
    now: SystemTime,
    (sessions, world): (&Sessions, &'w World),
) -> Result<(Arc<Session>, &'w Role), SignatureFault> {
    let session = sigv4::verify(request, target, now, sessions)?;
    let role = world.role(&session.spec.role);
    let role = role.ok_or(SignatureFault::UnknownCredentials)?;
    Ok((session, role))
}
