//! Signatures: accepted ones, and each refusal with its exact text.

use std::time::Duration;

use http::{Method, Request};
use irsa_chain::Cause;
use proptest::prelude::*;

use super::super::refusal::Refusal;
use super::super::signature::authenticate;
use super::support::{HOST, Unsigned, ZEEBE, domain, now, session, stamp, world_with_domain};
use crate::sessions::{Session, Sessions};
use crate::sigv4::SignedRequest;

/// Authenticates a request to the built-in domain; returns the session that signed, if any.
fn outcome(request: &Request<String>, sessions: &Sessions) -> Result<Option<String>, Refusal> {
    let world = world_with_domain("");
    let signed = SignedRequest {
        method: request.method(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body: request.body().as_bytes(),
    };
    let session = authenticate(&signed, &domain(&world), now(), sessions)?;
    Ok(session.map(|session| session.principal().to_string()))
}

/// Returns the body, status and cause of the refusal of a request.
fn refused(request: &Request<String>, sessions: &Sessions) -> (String, Cause, String) {
    let refusal = outcome(request, sessions).unwrap_err();
    let (cause, message) = (refusal.cause, refusal.message.clone());
    let response = refusal.response();
    assert_eq!(response.status(), 403);
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    (body["message"].as_str().unwrap().to_owned(), cause, message)
}

/// Returns the refusal of a valid request after a change.
fn changed(change: impl FnOnce(&mut Unsigned)) -> (String, Cause) {
    let sessions = Sessions::default();
    let mut unsigned = Unsigned::get("/_search?q=x");
    change(&mut unsigned);
    let request = unsigned.sign(&session(&sessions, ZEEBE));
    let (text, cause, _) = refused(&request, &sessions);
    (text, cause)
}

fn accepts(unsigned: &Unsigned) {
    let sessions = Sessions::default();
    let signed_by = outcome(&unsigned.sign(&session(&sessions, ZEEBE)), &sessions);
    let expected = "arn:aws:sts::111122223333:assumed-role/zeebe-role/pod-1".to_owned();
    assert_eq!(signed_by, Ok(Some(expected)), "{unsigned:?}");
}

#[test]
fn accepts_requests_of_opensearch_clients() {
    for (method, target, body) in [
        (Method::GET, "/", ""),
        (Method::POST, "/_bulk", "{\"index\":{}}\n{}\n"),
        (Method::DELETE, "/_search/scroll", r#"{"scroll_id":["x="]}"#),
        (Method::GET, "/_snapshot/repository/one", "{}"),
        (Method::POST, "/_plugins/_ism/add/zeebe-record_*", "{}"),
        (Method::GET, "/a,b/_search", ""),
        (Method::GET, "/a%2Cb/_doc/1%2F2%20%25", ""),
        (Method::HEAD, "/_alias/", ""),
        (Method::GET, "/_search?scroll_id=a%3D%3D&b=%2B", ""),
        (Method::GET, "/_cat/indices?v=&format=json", ""),
    ] {
        accepts(&Unsigned::new(method, target, body));
    }
}

#[test]
fn accepts_a_declared_unsigned_payload() {
    let mut unsigned = Unsigned::new(Method::POST, "/_bulk", "{}\n");
    unsigned.payload = Some("UNSIGNED-PAYLOAD");
    accepts(&unsigned);
}

#[test]
fn a_signed_header_that_is_absent_counts_as_empty() {
    let mut unsigned = Unsigned::get("/");
    unsigned.absent = Some("content-length");
    accepts(&unsigned);
}

#[test]
fn accepts_its_own_name_and_this_machines() {
    for host in [
        HOST,
        "TEST-domain.eu-central-1.es.amazonaws.com:443",
        "localhost:9200",
        "127.0.0.1:1",
    ] {
        let mut unsigned = Unsigned::get("/");
        unsigned.headers = vec![("host", host.to_owned())];
        accepts(&unsigned);
    }
    let (text, cause) =
        changed(|unsigned| unsigned.headers = vec![("host", "x.invalid".to_owned())]);
    assert_eq!(
        (text.as_str(), cause),
        ("Invalid Host Header", Cause::SignedForAnotherHost)
    );
}

#[test]
fn a_request_without_authorization_is_unsigned() {
    let request = Unsigned::get("/").plain();
    assert_eq!(outcome(&request, &Sessions::default()), Ok(None));
}

#[test]
fn repeats_a_different_authorization_only_to_the_caller() {
    let mut unsigned = Unsigned::get("/");
    unsigned
        .headers
        .push(("authorization", "Basic Og==".to_owned()));
    let (text, cause, logged) = refused(&unsigned.plain(), &Sessions::default());
    assert_eq!(
        text,
        "Authorization header requires 'Credential' parameter. Authorization header requires \
         'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. \
         Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
         Authorization=Basic Og=="
    );
    assert_eq!(cause, Cause::AuthorizationMalformed);
    assert!(!logged.contains("Og=="), "{logged}");
}

#[test]
fn names_the_missing_parts_of_a_signature() {
    let sessions = Sessions::default();
    let mut request = Unsigned::get("/").sign(&session(&sessions, ZEEBE));
    request.headers_mut().remove("x-amz-date");
    let (text, cause, _) = refused(&request, &sessions);
    let start = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
                 header. Authorization=AWS4-HMAC-SHA256 Credential=";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(cause, Cause::AuthorizationMalformed);
}

#[test]
fn names_the_malformed_part_of_a_signature() {
    let sessions = Sessions::default();
    let good = Unsigned::get("/").sign(&session(&sessions, ZEEBE));
    let authorization = good.headers()["authorization"].to_str().unwrap();
    let (_, credential) = authorization.split_once("Credential=").unwrap();
    let (credential, _) = credential.split_once(',').unwrap();
    let longer = authorization.replace(credential, &format!("x/{credential}"));
    let five = "Credential must have exactly 5 slash-delimited elements, e.g. \
                keyid/date/region/service/term, got";
    let date = "Date must be in ISO-8601 'basic format'. Got 'today'. See \
                http://en.wikipedia.org/wiki/ISO_8601";
    for (name, value, expected) in [
        (
            "authorization",
            longer.as_str(),
            format!("{five} 'x/{credential}'"),
        ),
        ("x-amz-date", "today", date.to_owned()),
    ] {
        let mut request = good.clone();
        request.headers_mut().insert(name, value.parse().unwrap());
        let (text, cause, logged) = refused(&request, &sessions);
        assert_eq!(
            (text, cause),
            (expected, Cause::AuthorizationMalformed),
            "{name}"
        );
        assert!(
            !logged.contains(credential) && !logged.contains("today"),
            "{logged}"
        );
    }
}

#[test]
fn requires_a_signed_host() {
    let sessions = Sessions::default();
    let mut request = Unsigned::get("/").sign(&session(&sessions, ZEEBE));
    let authorization = request.headers()["authorization"].to_str().unwrap();
    let other = authorization.replace("SignedHeaders=host;", "SignedHeaders=");
    let headers = request.headers_mut();
    headers.insert("authorization", other.parse().unwrap());
    let (text, cause, _) = refused(&request, &sessions);
    let expected = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
    assert_eq!(
        (text.as_str(), cause),
        (expected, Cause::AuthorizationMalformed)
    );
}

#[test]
fn shows_the_expected_canonical_request_without_the_session_token() {
    let sessions = Sessions::default();
    let session = session(&sessions, ZEEBE);
    let mut request = Unsigned::new(Method::POST, "/a%2Fb/_search?b=2&a=1", "{}").sign(&session);
    request.body_mut().push(' ');
    let (text, cause, logged) = refused(&request, &sessions);
    let stated = request.headers()["x-amz-content-sha256"].to_str().unwrap();
    let start = format!(
        "The request signature we calculated does not match the signature you provided. Check \
         your AWS Secret Access Key and signing method. Consult the service documentation for \
         details.\n\nThe Canonical String for this request should have been\n'POST\n\
         /a%252Fb/_search\na=1&b=2\nhost:{HOST}\nx-amz-content-sha256:{stated}\n\
         x-amz-date:{}\nx-amz-security-token:[not shown]\n\n\
         host;x-amz-content-sha256;x-amz-date;x-amz-security-token\n",
        stamp(now())
    );
    assert!(text.starts_with(&start), "{text}");
    let middle = format!(
        "'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n{}\n{}/eu-central-1/es/aws4_request\n",
        stamp(now()),
        stamp(now()).split_once('T').unwrap().0
    );
    assert!(text.contains(&middle), "{text}");
    assert!(!text.contains(session.credentials.session_token.expose()));
    assert_eq!(cause, Cause::SignatureMismatch);
    assert!(!logged.contains("Canonical"), "{logged}");
}

#[test]
fn rejects_each_fault_with_its_text() {
    let at = |seconds: i64| {
        let shift = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 {
            now() - shift
        } else {
            now() + shift
        }
    };
    let age = Duration::from_mins(15);
    let ahead = Duration::from_mins(5);
    let here = stamp(now());
    for (name, (text, cause), expected, expected_cause) in [
        (
            "region",
            changed(|unsigned| unsigned.region = "eu-west-1"),
            "Credential should be scoped to a valid region, not 'eu-west-1'. ".to_owned(),
            Cause::SignedForAnotherRegion,
        ),
        (
            "service",
            changed(|unsigned| unsigned.service = "aoss"),
            "Credential should be scoped to correct service: 'es'. ".to_owned(),
            Cause::SignedForAnotherService,
        ),
        (
            "region and service",
            changed(|unsigned| (unsigned.region, unsigned.service) = ("x", "sts")),
            "Credential should be scoped to a valid region, not 'x'. Credential should be scoped \
             to correct service: 'es'. "
                .to_owned(),
            Cause::SignedForAnotherRegion,
        ),
        (
            "too old",
            changed(|unsigned| unsigned.at = at(-901)),
            format!(
                "Signature expired: {} is now earlier than {} ({here} - 15 min.)",
                stamp(at(-901)),
                stamp(now() - age)
            ),
            Cause::ClockSkew,
        ),
        (
            "too new",
            changed(|unsigned| unsigned.at = at(301)),
            format!(
                "Signature not yet current: {} is still later than {} ({here} + 5 min.)",
                stamp(at(301)),
                stamp(now() + ahead)
            ),
            Cause::ClockSkew,
        ),
    ] {
        assert_eq!((text, cause), (expected, expected_cause), "{name}");
    }
}

/// Returns the refusal of a valid request with a different set of sessions.
fn with_sessions(sessions: &Sessions, signer: &Session) -> (String, Cause) {
    let (text, cause, _) = refused(&Unsigned::get("/").sign(signer), sessions);
    (text, cause)
}

#[test]
fn rejects_unknown_and_expired_credentials() {
    let known = Sessions::default();
    let signer = session(&known, ZEEBE);
    let unknown = "The security token included in the request is invalid.".to_owned();
    assert_eq!(
        with_sessions(&Sessions::default(), &signer),
        (unknown.clone(), Cause::CredentialsUnknown)
    );

    let mut other_token = Session::clone(&signer);
    other_token.credentials.session_token = crate::secret::Secret::new("other");
    assert_eq!(
        with_sessions(&known, &other_token),
        (unknown, Cause::CredentialsUnknown)
    );

    let mut dead = signer.spec.clone();
    dead.life = Duration::ZERO;
    let dead = known.adopt(signer.credentials.clone(), dead, now());
    let expired = "The security token included in the request is expired".to_owned();
    assert_eq!(
        with_sessions(&known, &dead),
        (expired, Cause::SessionExpired)
    );
}

#[test]
fn the_body_must_match_its_hash() {
    let sessions = Sessions::default();
    let mut unsigned = Unsigned::new(Method::POST, "/_bulk", "{}");
    unsigned.payload = Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let (_, cause, _) = refused(&unsigned.sign(&session(&sessions, ZEEBE)), &sessions);
    assert_eq!(cause, Cause::SignatureMismatch);
}

proptest! {
    #[test]
    fn changing_any_byte_of_the_target_or_body_is_rejected(
        at in any::<prop::sample::Index>(),
        other in "[a-zA-Z0-9]",
    ) {
        let sessions = Sessions::default();
        let target = "/zeebe-record_job/_bulk?refresh=true&routing=1";
        let unsigned = Unsigned::new(Method::POST, target, "{\"index\":{}}\n{}\n");
        let mut request = unsigned.sign(&session(&sessions, ZEEBE));
        let whole = format!("{target}{}", request.body());
        let at = at.index(whole.len() - 1) + 1;
        let altered: String = whole.char_indices().map(|(place, byte)| {
            if place == at { other.clone() } else { byte.to_string() }
        }).collect();
        prop_assume!(altered != whole);
        let (new_target, body) = altered.split_at(target.len());
        *request.uri_mut() = new_target.parse().unwrap();
        body.clone_into(request.body_mut());
        prop_assert_eq!(outcome(&request, &sessions).unwrap_err().cause, Cause::SignatureMismatch);
    }

    #[test]
    fn no_authorization_header_causes_a_panic_or_is_accepted(text in "(AWS4-HMAC-SHA256 )?[ -~]{0,100}") {
        let sessions = Sessions::default();
        let mut request = Unsigned::get("/").sign(&session(&sessions, ZEEBE));
        request.headers_mut().insert("authorization", text.parse().unwrap());
        prop_assert!(outcome(&request, &sessions).is_err());
    }
}
