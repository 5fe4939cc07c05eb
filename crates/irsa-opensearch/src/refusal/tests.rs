//! Tests of the classification of AWS's texts.

use super::*;

fn cause(status: u16, body: &str) -> Option<Cause> {
    let status = StatusCode::from_u16(status).unwrap();
    RequestRefusal::classify(status, body.as_bytes()).and_then(|refusal| refusal.cause)
}

/// From "Troubleshooting" in the developer guide, and from issues of clients.
const TEXTS: [(u16, &str, Cause); 21] = [
    (
        403,
        r#"{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet"}"#,
        Cause::RequestUnsigned,
    ),
    (
        403,
        r#"{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet because no resource-based policy allows the es:ESHttpGet action"}"#,
        Cause::RequestUnsigned,
    ),
    (
        403,
        r#"{"Message":"User: arn:aws:sts::123456789012:assumed-role/zeebe/s is not authorized to perform: es:ESHttpPost because no identity-based policy allows the es:ESHttpPost action"}"#,
        Cause::EsHttpNotAllowed,
    ),
    (
        403,
        r#"{"Message":"User: arn:aws:sts::123456789012:assumed-role/zeebe/s is not authorized to perform: es:ESHttpPost on resource: orders"}"#,
        Cause::EsHttpNotAllowed,
    ),
    (
        403,
        r#"{"Message":"User: arn:aws:sts::123456789012:assumed-role/zeebe/s is not authorized to perform: es:ESHttpPost with an explicit deny in an identity-based policy"}"#,
        Cause::EsHttpDenied,
    ),
    (
        403,
        r#"{"message":"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization=Basic Og=="}"#,
        Cause::AuthorizationMalformed,
    ),
    (
        403,
        r#"{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/\n'"}"#,
        Cause::SignatureMismatch,
    ),
    (
        403,
        r#"{"message":"The security token included in the request is invalid."}"#,
        Cause::CredentialsUnknown,
    ),
    (
        403,
        r#"{"message":"The security token included in the request is expired"}"#,
        Cause::SessionExpired,
    ),
    (
        403,
        r#"{"message":"Signature expired: 20130301T000000Z is now earlier than 20130609T094515Z (20130609T100015Z - 15 min.)"}"#,
        Cause::ClockSkew,
    ),
    (
        403,
        r#"{"message":"Signature not yet current: 20170424T013926Z is still later than 20170424T013832Z (20170424T013332Z + 5 min.)"}"#,
        Cause::ClockSkew,
    ),
    (
        403,
        r#"{"message":"Credential should be scoped to a valid region, not 'eu-west-1'. "}"#,
        Cause::SignedForAnotherRegion,
    ),
    (
        403,
        r#"{"message":"Credential should be scoped to correct service: 'es'. "}"#,
        Cause::SignedForAnotherService,
    ),
    (
        403,
        r#"{"message":"Missing Authentication Token"}"#,
        Cause::RequestUnsigned,
    ),
    (
        403,
        r#"{"message":"Request throttled due to too many requests"}"#,
        Cause::EndpointThrottled,
    ),
    (
        429,
        "429 Too Many Requests /orders/_bulk",
        Cause::EndpointThrottled,
    ),
    (
        413,
        r#"{"Message":"Request size exceeded 10485760 bytes"}"#,
        Cause::RequestTooLarge,
    ),
    (
        400,
        r#"{"status":400,"error":"x-amz-content-sha256 header must be signed in SigV4"}"#,
        Cause::PayloadHashUnsigned,
    ),
    (
        403,
        r#"{"error":{"root_cause":[{"type":"security_exception","reason":"no permissions for [indices:data/write/bulk] and User [name=arn:aws:iam::123456789012:role/zeebe, backend_roles=[arn:aws:iam::123456789012:role/zeebe], requestedTenant=null]"}],"type":"security_exception","reason":"no permissions for [indices:data/write/bulk] and User [..]"},"status":403}"#,
        Cause::FgacNotGranted,
    ),
    (
        503,
        "<html>503 Service Temporarily Unavailable</html>",
        Cause::EndpointFailed,
    ),
    (504, "", Cause::EndpointTimeout),
];

#[test]
fn each_text_is_classified() {
    for (status, body, expected) in TEXTS {
        assert_eq!(cause(status, body), Some(expected), "{status} {body}");
    }
}

#[test]
fn errors_of_the_application_are_not_classified() {
    for (status, body) in [
        (
            400,
            r#"{"error":{"type":"parse_exception","reason":"Signature expired: security token included in the request is invalid"},"status":400}"#,
        ),
        (400, ""),
        (
            403,
            r#"{"error":{"type":"cluster_block_exception","reason":"index [x] blocked by: [FORBIDDEN/12/index read-only];"},"status":403}"#,
        ),
        (404, r#"{"message":"Signature expired"#),
        (200, ""),
        (500, "{}"),
    ] {
        assert_eq!(cause(status, body), None, "{status} {body}");
    }
}

#[test]
fn a_user_unknown_to_the_plugin_has_no_grant() {
    let refusal = RequestRefusal::classify(StatusCode::UNAUTHORIZED, b"Unauthorized").unwrap();
    assert_eq!((refusal.link, refusal.cause), (Link::Grant, None));
}

#[test]
fn only_a_403_from_the_edge_reports_clock_skew() {
    let text = br#"{"message":"Signature expired: 20130301T000000Z is now earlier than 20130609T094515Z"}"#;
    assert!(is_clock_skew(StatusCode::FORBIDDEN, text));
    assert!(!is_clock_skew(StatusCode::BAD_REQUEST, text));
    assert!(!is_clock_skew(StatusCode::FORBIDDEN, b"Signature expired"));
}
