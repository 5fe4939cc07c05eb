//! The issuer's HTTPS endpoints: discovery and keys.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::Issuer;
use crate::faults::Faults;
use crate::ledger::{Ledger, Outcome, Service};
use crate::reply;

/// Responds to requests to the issuer. Paths are below the issuer's path, as on EKS.
pub(crate) fn serve(
    issuer: &Issuer,
    faults: &Faults,
    ledger: &Ledger,
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let path = request.uri().path();
    let base = issuer
        .url()
        .host_and_path()
        .split_once('/')
        .map_or("", |(_, path)| path)
        .trim_end_matches('/');
    let below = path
        .trim_start_matches('/')
        .strip_prefix(base)
        .map(|rest| rest.trim_start_matches('/'));
    let operation = match below {
        Some(".well-known/openid-configuration") => "discovery",
        Some("keys") => "jwks",
        _ => return reply::text(StatusCode::NOT_FOUND, "not found\n"),
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return reply::text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    if operation == "jwks" && faults.current().jwks_unavailable {
        ledger.count(Service::Oidc, operation, Outcome::Fault);
        return reply::text(StatusCode::SERVICE_UNAVAILABLE, "unavailable\n");
    }
    ledger.count(Service::Oidc, operation, Outcome::Served);
    reply::json(
        StatusCode::OK,
        if operation == "jwks" {
            issuer.jwks()
        } else {
            issuer.discovery()
        },
    )
}
