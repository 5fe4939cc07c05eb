//! Warnings about annotations that have no effect, and about access.

use serde_json::json;

use super::Case;
use crate::Outcome;

#[test]
fn a_misspelled_annotation_is_reported_with_a_suggestion() {
    let case = Case::new()
        .without("irsa.dev/postgres")
        .without("irsa.dev/role-arn");
    let response = case.annotation("irsa.dev/postgress", "db").review();
    let expected = "irsa: unknown annotation `irsa.dev/postgress` of the pod; did you mean `irsa.dev/postgres`?";
    assert_eq!(response.warnings(), [expected]);
    let far = Case::new()
        .account("irsa.dev/whatever-this-is", "1")
        .review();
    assert_eq!(
        far.warnings(),
        ["irsa: unknown annotation `irsa.dev/whatever-this-is` of the service account"]
    );
}

#[test]
fn an_annotation_on_the_wrong_object_is_reported() {
    let response = Case::new().namespace("irsa.dev/role-arn", "x").review();
    assert_eq!(
        response.warnings(),
        ["irsa: the annotation `irsa.dev/role-arn` has no effect on a namespace"]
    );
    let label = Case::new()
        .namespace("irsa.dev/injection", "required")
        .review();
    assert_eq!(
        label.warnings(),
        ["irsa: the annotation `irsa.dev/injection` has no effect on a namespace"]
    );
}

#[test]
fn a_shared_process_namespace_is_reported() {
    let response = Case::new()
        .spec("shareProcessNamespace", json!(true))
        .review();
    assert_eq!(response.outcome(), Outcome::Injected);
    assert!(
        response
            .warnings()
            .join("\n")
            .contains("`shareProcessNamespace`")
    );
}

/// The API server drops warnings beyond 4,096 characters in total.
#[test]
fn warnings_are_limited() {
    let case = (0..50).fold(Case::new(), |case, number| {
        case.annotation(&format!("irsa.dev/{}-{number}", "x".repeat(60)), "")
    });
    let response = case.review();
    assert_eq!(response.warnings().len(), 8);
    assert!(
        response
            .warnings()
            .iter()
            .all(|warning| warning.chars().count() <= 251)
    );
}
