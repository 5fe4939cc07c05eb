//! Requests with a signature in the query.

use http::{Method, Request};
use irsa_chain::Cause;

use super::client::text;
use super::front::Stage;
use super::support::{Unsigned, ZEEBE};

/// Returns the text of a refusal, and its cause.
async fn refused(stage: &Stage, request: Request<String>) -> (String, Cause) {
    let response = stage.send(request).await;
    assert_eq!(response.status(), 403);
    let body: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    let told = body["message"].as_str().unwrap().to_owned();
    (told, stage.ledger().last_refusal().unwrap().cause)
}

/// Returns the request without one of its parameters.
fn without(request: &Request<String>, name: &str) -> Request<String> {
    let mut request = request.clone();
    let (path, query) = (request.uri().path(), request.uri().query().unwrap());
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with(name))
        .collect();
    *request.uri_mut() = format!("{path}?{}", kept.join("&")).parse().unwrap();
    request
}

#[tokio::test]
async fn is_accepted_and_opensearch_sees_only_the_clients_query() {
    let stage = Stage::built_in().await;
    for (method, target) in [
        (Method::GET, "/orders%2F1/_search?size=1&Q=a%20b"),
        (Method::GET, "/"),
        (Method::DELETE, "/orders?pretty="),
    ] {
        let request = Unsigned::new(method, target, "").presign(&stage.session);
        assert_eq!(stage.send(request).await.status(), 200, "{target}");
        let seen = stage.seen();
        let passed = seen.last().unwrap();
        assert_eq!(passed.uri(), target);
        assert_eq!(passed.headers()["x-proxy-user"], ZEEBE);
    }
}

#[tokio::test]
async fn a_changed_request_is_rejected_without_showing_the_session_token() {
    let stage = Stage::built_in().await;
    let request = Unsigned::get("/a/_search?size=1").presign(&stage.session);
    let mut changed = request.clone();
    let target = request.uri().to_string().replacen("size=1", "size=2", 1);
    *changed.uri_mut() = target.parse().unwrap();
    let (told, cause) = refused(&stage, changed).await;
    assert_eq!(cause, Cause::SignatureMismatch);
    let start = "The request signature we calculated does not match the signature you provided.";
    assert!(told.starts_with(start), "{told}");
    assert!(
        told.contains("&X-Amz-Security-Token=[not shown]&X-Amz-SignedHeaders=host&size=2\nhost:"),
        "{told}"
    );
    assert!(!told.contains("X-Amz-Signature"), "{told}");

    let (_, cause) = refused(&stage, without(&request, "X-Amz-Security-Token")).await;
    assert_eq!(cause, Cause::CredentialsUnknown);
}

#[tokio::test]
async fn names_the_missing_parameter() {
    let stage = Stage::built_in().await;
    let request = Unsigned::get("/").presign(&stage.session);
    for name in ["Credential", "Date", "SignedHeaders", "Signature"] {
        let (told, cause) = refused(&stage, without(&request, &format!("X-Amz-{name}="))).await;
        assert_eq!(
            told,
            format!(
                "AWS query-string parameters must include 'X-Amz-{name}'. Re-examine the \
                 query-string parameters."
            )
        );
        assert_eq!(cause, Cause::AuthorizationMalformed, "{name}");
    }
    let (told, _) = refused(&stage, without(&request, "X-Amz-Algorithm")).await;
    assert_eq!(told, "Unsupported AWS 'algorithm'.");
}

#[tokio::test]
async fn is_valid_for_15_minutes_whatever_it_requests() {
    let stage = Stage::built_in().await;
    let mut old = Unsigned::get("/");
    old.at -= std::time::Duration::from_secs(899);
    assert_eq!(stage.send(old.presign(&stage.session)).await.status(), 200);
    old.at -= std::time::Duration::from_secs(2);
    let (told, cause) = refused(&stage, old.presign(&stage.session)).await;
    assert!(told.starts_with("Signature expired: "), "{told}");
    assert_eq!(cause, Cause::ClockSkew);
}
