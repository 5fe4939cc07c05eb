//! Signed HTTP requests: `irsa-identity` signs, and the lab verifies with independent code.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{CONTENT_TYPE, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use irsa_chain::Region;
use irsa_identity::{
    HttpRequest, PayloadHash, SecretString, SessionCredentials, SigningScope, SigningService,
    sign_http,
};
use irsa_lab::Sessions;
use irsa_lab::secret::Secret;
use irsa_lab::sessions::{Credentials, Origin, SessionSpec};
use irsa_lab::sigv4::{SignedRequest, Target, verify};

const HOST_NAME: &str = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
const KEY: &str = "ASIAIOSFODNN7EXAMPLE";
const SECRET: &str = "not-a-secret";
const TOKEN: &str = "not-a-token";
/// 2026-11-24T21:08:01Z, a fixed time so that findings are reproducible.
const NOW: Duration = Duration::from_secs(1_795_554_481);

/// Signs a request for an arbitrary valid target. The signature is accepted, and it is rejected with a different
/// method.
pub fn signed_target(data: &[u8]) {
    let Ok(target) = PathAndQuery::try_from(data) else {
        return;
    };
    if !target.as_str().starts_with('/') {
        return;
    }
    let headers = signed(target.as_str());
    let is_accepted = |method| is_accepted(&method, &target, &headers);
    assert!(is_accepted(Method::GET), "`{target}` is rejected");
    assert!(
        !is_accepted(Method::DELETE),
        "`{target}` is accepted with a different method"
    );
}

fn signed(target: &str) -> HeaderMap {
    let request = HttpRequest {
        method: "GET",
        path_and_query: target,
        host: HOST_NAME,
        content_type: Some(b"application/json"),
        payload: PayloadHash::Unsigned,
    };
    let scope = SigningScope {
        region: region(),
        service: SigningService::Es,
    };
    let token = Some(SecretString::from(TOKEN));
    let credentials = SessionCredentials::new(KEY, SECRET, token, None);
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static(HOST_NAME));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match sign_http(&request, &scope, &credentials, now()) {
        Ok(signature) => signature.apply(&mut headers),
        Err(error) => panic!("cannot sign `{target}`: {error}"),
    }
    headers
}

fn is_accepted(method: &Method, target: &PathAndQuery, headers: &HeaderMap) -> bool {
    static SESSIONS: LazyLock<Sessions> = LazyLock::new(sessions);
    let request = SignedRequest {
        method,
        path: target.path(),
        query: target.query().unwrap_or_default(),
        headers,
        body: b"",
    };
    let region = region();
    let asked = Target {
        region: &region,
        service: "es",
        tolerance_ahead: Duration::ZERO,
        takes_unsigned_payload: true,
    };
    verify(&request, &asked, now(), &SESSIONS).is_ok()
}

fn sessions() -> Sessions {
    let sessions = Sessions::default();
    let credentials = Credentials {
        access_key_id: KEY.to_owned(),
        secret_access_key: Secret::new(SECRET.to_owned()),
        session_token: Secret::new(TOKEN.to_owned()),
    };
    let role = "arn:aws:iam::111122223333:role/shop".parse();
    if let (Ok(role), Ok(name)) = (role, "shop".parse()) {
        let spec = SessionSpec::new(role, name, Duration::from_hours(1), Origin::WebIdentity);
        sessions.adopt(credentials, spec, now());
    }
    sessions
}

fn region() -> Region {
    match "eu-central-1".parse() {
        Ok(region) => region,
        Err(error) => panic!("{error}"),
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + NOW
}
