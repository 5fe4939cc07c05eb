//! Signed requests, compared with those of botocore.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use irsa_chain::Region;

use super::{SignatureFault, SignedRequest, Target, verify};
use crate::secret::Secret;
use crate::sessions::Sessions;
use crate::vectors::{RequestVector, Vectors};

const ROLE: &str = "arn:aws:iam::111122223333:role/aurora-role";

/// A request that can be changed before it is verified.
struct Case {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
    region: Region,
    service: String,
    takes_unsigned_payload: bool,
}

impl Case {
    fn for_vector(vector: &RequestVector) -> Self {
        let header = |(name, value): (&String, &String)| {
            (
                name.parse::<HeaderName>().unwrap(),
                value.parse::<HeaderValue>().unwrap(),
            )
        };
        Self {
            method: vector.method.parse().unwrap(),
            path: vector.path.clone(),
            query: vector.query.clone(),
            headers: vector.headers.iter().map(header).collect(),
            body: vector.body.clone(),
            region: vector.region.parse().unwrap(),
            service: vector.service.clone(),
            takes_unsigned_payload: false,
        }
    }

    fn verify_with(&self, sessions: &Sessions, seconds_later: i64) -> Result<(), SignatureFault> {
        let vectors = Vectors::read();
        let shift = Duration::from_secs(seconds_later.unsigned_abs());
        let signed_at = vectors.signed_at();
        let now = if seconds_later < 0 {
            signed_at - shift
        } else {
            signed_at + shift
        };
        let request = SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_bytes(),
        };
        let target = Target {
            region: &self.region,
            service: &self.service,
            tolerance_ahead: Duration::from_mins(15),
            takes_unsigned_payload: self.takes_unsigned_payload,
        };
        verify(&request, &target, now, sessions).map(drop)
    }

    fn verify(&self) -> Result<(), SignatureFault> {
        self.verify_with(&Vectors::read().sessions(ROLE), 0)
    }

    fn set(&mut self, header: &'static str, value: &str) {
        self.headers.insert(header, value.parse().unwrap());
    }
}

fn caller_identity() -> Case {
    Case::for_vector(&Vectors::read().requests[0])
}

#[test]
fn accepts_requests_signed_by_botocore() {
    for vector in &Vectors::read().requests {
        assert_eq!(Case::for_vector(vector).verify(), Ok(()), "{}", vector.name);
    }
}

/// A change of the request in transit.
type Change = fn(&mut Case);

#[test]
fn rejects_a_request_that_was_changed_after_signing() {
    let changes: [(&str, Change); 9] = [
        ("method", |case| case.method = Method::PUT),
        ("path", |case| case.path = "/x".to_owned()),
        ("query", |case| case.query = "a=1".to_owned()),
        ("body", |case| case.body.push('x')),
        ("host", |case| case.set("host", "127.0.0.1:8444")),
        ("signed header", |case| {
            case.set("content-type", "text/plain");
        }),
        ("date", |case| case.set("x-amz-date", "20261124T210801Z")),
        ("day", |case| case.set("x-amz-date", "20261125T210800Z")),
        ("signed header taken away", |case| {
            drop(case.headers.remove("content-type"));
        }),
    ];
    for (name, change) in changes {
        let mut case = caller_identity();
        change(&mut case);
        assert_eq!(case.verify(), Err(SignatureFault::Mismatch), "{name}");
    }
}

#[test]
fn rejects_a_signature_that_does_not_cover_the_host() {
    let mut case = caller_identity();
    let authorization = case.headers["authorization"]
        .to_str()
        .unwrap()
        .replace(";host;", ";");
    case.set("authorization", &authorization);
    assert_eq!(case.verify(), Err(SignatureFault::HostUnsigned));
}

#[test]
fn a_date_header_in_basic_format_replaces_x_amz_date() {
    let mut case = caller_identity();
    let date = case.headers.remove("x-amz-date").unwrap();
    case.headers.insert("date", date);
    // The header is parsed, but the signature covers the other one.
    assert_eq!(case.verify(), Err(SignatureFault::Mismatch));
    case.set("date", "Tue, 24 Nov 2026 21:08:00 GMT");
    assert_eq!(case.verify(), Err(SignatureFault::Incomplete("X-Amz-Date")));
}

#[test]
fn rejects_headers_without_a_signature() {
    let mut case = caller_identity();
    case.headers.remove("authorization");
    assert_eq!(case.verify(), Err(SignatureFault::Missing));
    for (value, part) in [
        ("Basic eDp5", "algorithm"),
        (
            "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00",
            "Credential",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKID/20261124/x/sts, SignedHeaders=host, Signature=00",
            "Credential",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKID/20261124/x/sts/aws4_request, Signature=00",
            "SignedHeaders",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKID/20261124/x/sts/aws4_request, SignedHeaders=host",
            "Signature",
        ),
    ] {
        let mut case = caller_identity();
        case.set("authorization", value);
        assert_eq!(
            case.verify(),
            Err(SignatureFault::Incomplete(part)),
            "{value}"
        );
    }
    let mut case = caller_identity();
    case.headers.remove("x-amz-date");
    assert_eq!(case.verify(), Err(SignatureFault::Incomplete("X-Amz-Date")));
}

#[test]
fn rejects_credentials_that_were_not_issued() {
    let vectors = Vectors::read();
    let unknown = Err(SignatureFault::UnknownCredentials);
    assert_eq!(
        caller_identity().verify_with(&Sessions::default(), 0),
        unknown
    );

    let mut other_token = vectors.credentials();
    other_token.session_token = Secret::new("other");
    let sessions = vectors.sessions_with(ROLE, other_token, Duration::from_mins(15));
    assert_eq!(caller_identity().verify_with(&sessions, 0), unknown);

    let mut no_token = caller_identity();
    no_token.headers.remove("x-amz-security-token");
    assert_eq!(no_token.verify(), unknown);
}

#[test]
fn rejects_a_different_secret() {
    let vectors = Vectors::read();
    let mut other = vectors.credentials();
    other.secret_access_key = Secret::new("other");
    let sessions = vectors.sessions_with(ROLE, other, Duration::from_mins(15));
    assert_eq!(
        caller_identity().verify_with(&sessions, 0),
        Err(SignatureFault::Mismatch)
    );
}

#[test]
fn rejects_expired_credentials_before_checking_the_signature() {
    let mut case = caller_identity();
    case.body.push('x');
    assert_eq!(
        case.verify_with(&Vectors::read().sessions(ROLE), 3_600),
        Err(SignatureFault::ExpiredCredentials)
    );
}

#[test]
fn rejects_signatures_for_other_scopes() {
    let mut case = caller_identity();
    case.region = "eu-west-1".parse().unwrap();
    assert_eq!(
        case.verify(),
        Err(SignatureFault::WrongScope {
            region: true,
            service: false
        })
    );
    case.service = "es".to_owned();
    assert_eq!(
        case.verify(),
        Err(SignatureFault::WrongScope {
            region: true,
            service: true
        })
    );
}

#[test]
fn a_signature_is_valid_for_15_minutes_either_way() {
    let sessions = Vectors::read().sessions(ROLE);
    let signed_at = Vectors::read().signed_at();
    let case = caller_identity();
    assert_eq!(case.verify_with(&sessions, 900), Ok(()));
    assert_eq!(case.verify_with(&sessions, -900), Ok(()));
    assert_eq!(
        case.verify_with(&sessions, 901),
        Err(SignatureFault::TooOld { signed_at })
    );
    assert_eq!(
        case.verify_with(&sessions, -901),
        Err(SignatureFault::TooNew { signed_at })
    );
}
