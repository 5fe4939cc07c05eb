//! The protocol between the API server and the webhook.

use serde_json::json;

use super::{Case, parse, patch};
use crate::{MAX_BYTES, Outcome, Reason, Review, ReviewError};

#[test]
fn answers_in_the_version_of_the_review() {
    let case = Case::new();
    for version in ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"] {
        let reviewed = parse(version, &case.request()).respond(&case.facts(), &case.settings);
        assert_eq!(reviewed.response["apiVersion"], version);
        assert_eq!(reviewed.response["kind"], "AdmissionReview");
        assert_eq!(reviewed.response["response"]["uid"], "705ab4f5");
        assert_eq!(reviewed.response["response"]["patchType"], "JSONPatch");
    }
}

#[test]
fn a_response_without_a_patch_has_no_patch_type() {
    let response = Case::new()
        .without("irsa.dev/role-arn")
        .without("irsa.dev/postgres")
        .review();
    let expected = json!({"uid": "705ab4f5", "allowed": true});
    assert_eq!(response.reviewed.response["response"], expected);
}

#[test]
fn only_creations_of_pods_are_changed() {
    for (field, value) in [
        ("operation", json!("UPDATE")),
        ("subResource", json!("ephemeralcontainers")),
        (
            "resource",
            json!({"group": "", "version": "v1", "resource": "configmaps"}),
        ),
        (
            "resource",
            json!({"group": "x.example.com", "version": "v1", "resource": "pods"}),
        ),
    ] {
        let case = Case::new();
        let mut request = case.request();
        request[field] = value;
        let review = parse("admission.k8s.io/v1", &request);
        let reviewed = review.respond(&case.facts(), &case.settings);
        assert_eq!(
            reviewed.outcome,
            Outcome::NotInjected(Reason::NotACreation),
            "{field}"
        );
        assert!(patch(&reviewed).is_none() && !review.needs_facts());
    }
}

/// The pods of a Deployment have a `generateName` only, and the namespace is that of the request.
#[test]
fn takes_the_namespace_from_the_request() {
    let case = Case::new();
    let review = parse("admission.k8s.io/v1", &case.request());
    assert_eq!(
        (review.namespace(), review.service_account()),
        ("shop", "api")
    );
    assert!(review.object()["metadata"]["name"].is_null());
}

#[test]
fn a_pod_without_a_service_account_has_the_default_one() {
    for spec in [json!({}), json!({"serviceAccountName": ""})] {
        let case = Case::new().pod(json!({"spec": spec}));
        assert_eq!(
            parse("admission.k8s.io/v1", &case.request()).service_account(),
            "default"
        );
    }
    let deprecated = Case::new().pod(json!({"spec": {"serviceAccount": "old"}}));
    assert_eq!(
        parse("admission.k8s.io/v1", &deprecated.request()).service_account(),
        "old"
    );
}

/// `kubectl diff` and `--dry-run=server` must not cause events.
#[test]
fn knows_dry_runs() {
    let mut request = Case::new().request();
    assert!(!parse("admission.k8s.io/v1", &request).is_dry_run());
    request["dryRun"] = json!(true);
    assert!(parse("admission.k8s.io/v1", &request).is_dry_run());
}

#[test]
fn rejects_what_is_not_a_review() {
    let review = |body: &str| Review::parse(body.as_bytes()).unwrap_err();
    let malformed = ReviewError::Malformed { line: 1, column: 1 };
    assert_eq!(review("x"), malformed);
    for body in [
        "{}",
        r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}"#,
        r#"{"apiVersion": "admission.k8s.io/v2", "kind": "AdmissionReview", "request": {"uid": "1"}}"#,
        r#"{"apiVersion": "admission.k8s.io/v1", "kind": "Pod", "request": {"uid": "1"}}"#,
    ] {
        assert_eq!(review(body), ReviewError::NotAReview, "{body}");
    }
    let without_uid =
        r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {}}"#;
    assert!(matches!(review(without_uid), ReviewError::Malformed { .. }));
}

#[test]
fn refuses_reviews_that_exceed_the_limit() {
    let body = vec![b' '; MAX_BYTES + 1];
    assert_eq!(
        Review::parse(&body).unwrap_err(),
        ReviewError::TooLarge(MAX_BYTES + 1)
    );
}

#[test]
fn a_review_of_a_megabyte_is_answered() {
    let case = Case::new().annotation("example.com/large", &"x".repeat(1 << 20));
    let response = case.review();
    assert_eq!(response.outcome(), Outcome::Injected);
    // The patch does not repeat the pod.
    assert!(response.reviewed.response.to_string().len() < 4_096);
}
