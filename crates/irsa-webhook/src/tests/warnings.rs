//! Warnings about annotations that have no effect, and about access.

use serde_json::json;

use super::Case;
use crate::{Outcome, Reason};

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

/// The time to compare two names grows with the product of their lengths.
#[test]
fn a_suggestion_is_searched_only_for_names_of_limited_length() {
    let name = format!("irsa.dev/postgres{}", " ".repeat(1 << 20));
    let response = Case::new().annotation(&name, "db").review();
    let [warning] = response.warnings()[..] else {
        panic!("{:?}", response.warnings());
    };
    assert!(warning.contains("unknown annotation"), "{warning}");
    assert!(!warning.contains("did you mean"), "{warning}");
}

/// Without a stop at the maximum number of warnings, these take minutes.
#[test]
fn names_are_compared_only_until_there_are_enough_warnings() {
    let case = (0..40_000).fold(Case::new(), |case, number| {
        case.annotation(&format!("irsa.dev/{}-{number}", "x".repeat(60)), "")
    });
    assert_eq!(case.review().warnings().len(), 8);
}

#[test]
fn the_reason_is_not_pushed_out_by_other_warnings_and_a_denial_keeps_them() {
    let case = || {
        let case = Case::new().annotation("irsa.dev/region", "Frankfurt");
        (0..8).fold(case, |case, number| {
            case.annotation(&format!("irsa.dev/typo-{number}"), "")
        })
    };
    let response = case().review();
    response.assert_not_injected(Reason::AnnotationInvalid, "`Frankfurt`");
    assert_eq!(response.warnings().len(), 8);
    assert!(response.warnings()[0].contains("sidecar not injected"));
    let denied = case().required().review();
    assert_eq!(denied.outcome(), Outcome::Denied(Reason::AnnotationInvalid));
    assert_eq!(denied.warnings().len(), 8);
}

#[test]
fn warnings_about_access_are_not_pushed_out_by_those_about_names() {
    let case = (0..8).fold(Case::new(), |case, number| {
        case.annotation(&format!("irsa.dev/typo-{number}"), "")
    });
    let response = case.spec("shareProcessNamespace", json!(true)).review();
    assert!(response.warnings()[0].contains("`shareProcessNamespace`"));
}
