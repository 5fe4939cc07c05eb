//! Signed requests, compared with botocore's, and checked for secrets.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use irsa_identity::{
    HttpRequest, HttpSignature, IdentityError, PayloadHash, SecretString, SessionCredentials,
    SigningScope, SigningService, sign_http,
};
use proptest::prelude::*;
use serde::Deserialize;

/// A request with botocore's signature.
#[derive(Deserialize)]
struct Vector {
    method: String,
    path_and_query: String,
    host: String,
    content_type: Option<String>,
    x_amz_content_sha256: String,
    x_amz_date: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: String,
    service: String,
    authorization: String,
}

impl Vector {
    fn sign(&self) -> HeaderMap {
        let hash = hash(&self.x_amz_content_sha256);
        let request = HttpRequest {
            method: &self.method,
            path_and_query: &self.path_and_query,
            host: &self.host,
            content_type: self.content_type.as_deref().map(str::as_bytes),
            payload: hash
                .as_ref()
                .map_or(PayloadHash::Unsigned, PayloadHash::Sha256),
        };
        let credentials = SessionCredentials::new(
            &self.access_key_id,
            self.secret_access_key.clone(),
            self.session_token.clone().map(SecretString::from),
            None,
        );
        let scope = scope(&self.region, self.service.parse().unwrap());
        headers(&sign_http(&request, &scope, &credentials, time(&self.x_amz_date)).unwrap())
    }
}

fn hash(hex: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<_>> = (0..32).map(byte).collect();
    bytes?.try_into().ok()
}

fn time(text: &str) -> SystemTime {
    let format = "[year][month][day]T[hour][minute][second]Z";
    let format = time::format_description::parse_borrowed::<2>(format).unwrap();
    let time = time::PrimitiveDateTime::parse(text, &format).unwrap();
    time.assume_utc().into()
}

fn scope(region: &str, service: SigningService) -> SigningScope {
    let region = region.parse().unwrap();
    SigningScope { region, service }
}

fn headers(signature: &HttpSignature) -> HeaderMap {
    let mut headers = HeaderMap::new();
    signature.apply(&mut headers);
    headers
}

const REQUEST: HttpRequest<'_> = HttpRequest {
    method: "GET",
    path_and_query: "/_cat/indices?v",
    host: "orders.eu-central-1.es.amazonaws.com",
    content_type: None,
    payload: PayloadHash::Unsigned,
};

fn credentials(token: Option<&str>) -> SessionCredentials {
    let token = token.map(SecretString::from);
    SessionCredentials::new("AKIDEXAMPLE", "hush-hush".to_owned(), token, None)
}

fn sign(
    request: &HttpRequest<'_>,
    credentials: &SessionCredentials,
) -> Result<HttpSignature, IdentityError> {
    sign_http(
        request,
        &scope("eu-central-1", SigningService::Es),
        credentials,
        UNIX_EPOCH,
    )
}

fn signed_headers(headers: &HeaderMap) -> &str {
    let authorization = headers["authorization"].to_str().unwrap();
    let (_, rest) = authorization.split_once("SignedHeaders=").unwrap();
    rest.split_once(',').unwrap().0
}

#[test]
fn signatures_equal_those_of_botocore() {
    for line in include_str!("../data/botocore-signatures.jsonl").lines() {
        let vector: Vector = serde_json::from_str(line).unwrap();
        let headers = vector.sign();
        assert_eq!(headers["authorization"], vector.authorization, "{line}");
        assert_eq!(headers["x-amz-date"], vector.x_amz_date);
        assert_eq!(headers["x-amz-content-sha256"], vector.x_amz_content_sha256);
        let token = headers
            .get("x-amz-security-token")
            .map(|token| token.to_str().unwrap());
        assert_eq!(token, vector.session_token.as_deref());
    }
}

#[test]
fn cached_keys_create_the_same_signatures() {
    let kept = credentials(None);
    for day in (0..40).chain(0..40) {
        for (region, service) in [
            ("eu-central-1", SigningService::Es),
            ("us-east-1", SigningService::Aoss),
        ] {
            let scope = scope(region, service);
            let at = UNIX_EPOCH + Duration::from_hours(24 * day);
            let signature =
                |credentials| headers(&sign_http(&REQUEST, &scope, credentials, at).unwrap());
            assert_eq!(signature(&kept), signature(&credentials(None)));
        }
    }
}

#[test]
fn headers_of_an_earlier_signature_are_replaced() {
    let mut headers = headers(&sign(&REQUEST, &credentials(Some("first"))).unwrap());
    headers.append("authorization", HeaderValue::from_static("Basic Og=="));
    sign(&REQUEST, &credentials(None))
        .unwrap()
        .apply(&mut headers);
    assert_eq!(
        headers,
        self::headers(&sign(&REQUEST, &credentials(None)).unwrap())
    );
}

#[test]
fn a_signature_shows_no_secret() {
    let signature = sign(&REQUEST, &credentials(Some("a-session-token"))).unwrap();
    let headers = headers(&signature);
    let (_, secret) = headers["authorization"]
        .to_str()
        .unwrap()
        .split_once("Signature=")
        .unwrap();
    for shown in [format!("{signature:?}"), format!("{headers:?}")] {
        assert!(
            !shown.contains(secret) && !shown.contains("a-session-token"),
            "{shown}"
        );
    }
}

#[test]
fn credentials_that_fit_no_header_are_rejected_without_showing_them() {
    let error = sign(&REQUEST, &credentials(Some("broken\ntoken"))).unwrap_err();
    assert_eq!(error.link(), irsa_chain::Link::Signature);
    assert!(error.to_string().contains("session token"), "{error}");
    assert!(!format!("{error:?}").contains("broken"), "{error:?}");
}

#[test]
fn a_content_type_is_signed_if_it_is_printable() {
    let signed = |content_type| {
        let request = HttpRequest {
            content_type,
            ..REQUEST
        };
        let headers = headers(&sign(&request, &credentials(None)).unwrap());
        signed_headers(&headers).starts_with("content-type;host;")
    };
    assert!(signed(Some(b"application/json".as_slice())));
    assert!(signed(Some(b"".as_slice())));
    for other in [b"text/\xe9".as_slice(), "text/é".as_bytes(), b"a;\tb"] {
        assert!(!signed(Some(other)));
    }
    assert!(!signed(None));
}

#[test]
fn a_time_out_of_range_becomes_the_nearest_date() {
    let date = |at| {
        let scope = scope("eu-central-1", SigningService::Es);
        headers(&sign_http(&REQUEST, &scope, &credentials(None), at).unwrap())["x-amz-date"].clone()
    };
    assert_eq!(
        date(UNIX_EPOCH - Duration::from_secs(1)),
        "19700101T000000Z"
    );
    let far = UNIX_EPOCH + Duration::from_secs(400_000_000_000);
    assert_eq!(date(far), "99991231T235959Z");
}

#[test]
fn service_names_round_trip() {
    for service in [SigningService::Es, SigningService::Aoss] {
        assert_eq!(service.to_string().parse(), Ok(service));
    }
    assert!("ES".parse::<SigningService>().is_err());
}

proptest! {
    #[test]
    fn anything_can_be_signed(
        method in ".{0,8}",
        path_and_query in ".*",
        host in ".*",
        content_type in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        hash in any::<[u8; 32]>(),
        token in prop::option::of("[ -~]{0,20}"),
        seconds in any::<u32>(),
    ) {
        let request = HttpRequest {
            method: &method,
            path_and_query: &path_and_query,
            host: &host,
            content_type: content_type.as_deref(),
            payload: PayloadHash::Sha256(&hash),
        };
        let at = UNIX_EPOCH + Duration::from_secs(seconds.into());
        let scope = scope("eu-central-1", SigningService::Es);
        prop_assert!(sign_http(&request, &scope, &credentials(token.as_deref()), at).is_ok());
    }
}
