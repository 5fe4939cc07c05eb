//! The canonical form, compared with the table that the proxy is tested with, and with botocore.

use std::time::Duration;

use http::{HeaderMap, Method};
use serde::Deserialize;

use super::support::ZEEBE;
use crate::secret::Secret;
use crate::sessions::{Credentials, Origin, SessionSpec, Sessions};
use crate::sigv4::{SignedRequest, Target, expected, parse_amz_date, verify};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A line of the table.
#[derive(Deserialize)]
struct Form {
    name: String,
    path_and_query: String,
    canonical_path: String,
    canonical_query: String,
}

/// A request that botocore signed.
#[derive(Deserialize)]
struct Signed {
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

fn request<'a>(method: &'a Method, target: &'a str, headers: &'a HeaderMap) -> SignedRequest<'a> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    SignedRequest {
        method,
        path,
        query,
        headers,
        body: b"",
    }
}

fn header(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.insert(name, value.parse().unwrap());
}

#[test]
fn every_target_has_the_form_of_the_table() {
    let table = include_str!("../../../../../crates/irsa-identity/tests/data/canonical-forms.json");
    let forms: Vec<Form> = serde_json::from_str(table).unwrap();
    let mut headers = HeaderMap::new();
    let scope = "Credential=A/20261124/eu-central-1/es/aws4_request";
    let authorization = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00");
    header(&mut headers, "authorization", &authorization);
    header(&mut headers, "x-amz-date", "20261124T210800Z");
    let region = "eu-central-1".parse().unwrap();
    let target = Target {
        region: &region,
        service: "es",
        tolerance_ahead: Duration::ZERO,
        takes_unsigned_payload: true,
    };
    assert!(forms.len() > 50);
    for form in forms {
        let request = request(&Method::GET, &form.path_and_query, &headers);
        let canonical = expected(&request, &target).unwrap().canonical;
        let lines: Vec<&str> = canonical.lines().collect();
        let wanted = [form.canonical_path.as_str(), form.canonical_query.as_str()];
        assert_eq!(lines[1..3], wanted, "{}", form.name);
    }
}

#[test]
fn accepts_requests_signed_by_botocore() {
    let lines =
        include_str!("../../../../../crates/irsa-identity/tests/data/botocore-signatures.jsonl");
    let all = lines
        .lines()
        .map(|line| serde_json::from_str::<Signed>(line).unwrap());
    // The file has no bodies.
    let known = ["UNSIGNED-PAYLOAD", EMPTY];
    let mut accepted = 0;
    for signed in all.filter(|signed| known.contains(&signed.x_amz_content_sha256.as_str())) {
        accepts(&signed);
        accepted += 1;
    }
    assert!(accepted > 50, "{accepted}");
}

fn accepts(signed: &Signed) {
    let mut headers = HeaderMap::new();
    let token = signed.session_token.clone().unwrap_or_default();
    let optional = [
        ("content-type", signed.content_type.as_ref()),
        ("x-amz-security-token", signed.session_token.as_ref()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            header(&mut headers, name, value);
        }
    }
    header(&mut headers, "host", &signed.host);
    header(&mut headers, "authorization", &signed.authorization);
    header(&mut headers, "x-amz-date", &signed.x_amz_date);
    header(
        &mut headers,
        "x-amz-content-sha256",
        &signed.x_amz_content_sha256,
    );
    let credentials = Credentials {
        access_key_id: signed.access_key_id.clone(),
        secret_access_key: Secret::new(&signed.secret_access_key),
        session_token: Secret::new(token),
    };
    let (at, region) = (
        parse_amz_date(&signed.x_amz_date).unwrap(),
        signed.region.parse().unwrap(),
    );
    let name = "pod-1".parse().unwrap();
    let life = Duration::from_hours(1);
    let sessions = Sessions::default();
    let spec = SessionSpec::new(ZEEBE.parse().unwrap(), name, life, Origin::WebIdentity);
    sessions.adopt(credentials, spec, at);
    let target = Target {
        region: &region,
        service: &signed.service,
        tolerance_ahead: Duration::ZERO,
        takes_unsigned_payload: true,
    };
    let method = signed.method.parse().unwrap();
    let verified = verify(
        &request(&method, &signed.path_and_query, &headers),
        &target,
        at,
        &sessions,
    );
    assert!(
        verified.is_ok(),
        "{} {:?}",
        signed.path_and_query,
        verified.err()
    );
}
