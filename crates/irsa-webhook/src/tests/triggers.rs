//! Which pods get a sidecar, and for which data stores.

use super::{Case, DATABASE, ROLE};
use crate::{Outcome, Reason};

#[test]
fn the_annotation_of_eks_alone_injects_nothing_and_warns_about_nothing() {
    let case = Case::new()
        .without("irsa.dev/postgres")
        .without("irsa.dev/role-arn");
    let response = case.account("eks.amazonaws.com/role-arn", ROLE).review();
    assert_eq!(
        response.outcome(),
        Outcome::NotInjected(Reason::NotRequested)
    );
    assert!(response.warnings().is_empty());
}

#[test]
fn the_pod_wins_over_the_service_account_and_this_over_the_namespace() {
    let upstreams = |case: Case| case.review().variable("IRSA_UPSTREAMS").map(str::to_owned);
    let case = || Case::new().namespace("irsa.dev/postgres", "namespace.example.com");
    assert_eq!(upstreams(case()).unwrap(), format!("postgres://{DATABASE}"));
    let pod = case().annotation("irsa.dev/postgres", "pod.example.com");
    assert_eq!(upstreams(pod).unwrap(), "postgres://pod.example.com");
    let namespace = case().without("irsa.dev/postgres");
    assert_eq!(
        upstreams(namespace).unwrap(),
        "postgres://namespace.example.com"
    );
}

#[test]
fn the_namespace_is_a_default_for_accounts_with_a_role() {
    let case = || {
        let case = Case::new()
            .without("irsa.dev/postgres")
            .without("irsa.dev/role-arn");
        case.namespace("irsa.dev/opensearch", "search.example.com")
    };
    let without_role = case().review();
    assert_eq!(
        without_role.outcome(),
        Outcome::NotInjected(Reason::NotRequested)
    );
    for with_role in [
        case().account("irsa.dev/role-arn", ROLE),
        case().account("eks.amazonaws.com/role-arn", ROLE),
        case().account("irsa.dev/identity", "pod-identity"),
    ] {
        assert_eq!(with_role.review().outcome(), Outcome::Injected);
    }
    // The identity of the namespace does not give every account of it a role.
    let response = case()
        .namespace("irsa.dev/identity", "pod-identity")
        .review();
    assert_eq!(
        response.outcome(),
        Outcome::NotInjected(Reason::NotRequested)
    );
}

#[test]
fn a_pod_can_have_several_data_stores() {
    let case = Case::new().annotation(
        "irsa.dev/postgres",
        "a.example.com b.example.com?listen=15432",
    );
    let response = case
        .annotation("irsa.dev/opensearch", "search.example.com")
        .review();
    let expected = "postgres://a.example.com postgres://b.example.com?listen=15432 opensearch://search.example.com";
    assert_eq!(response.variable("IRSA_UPSTREAMS"), Some(expected));
    assert_eq!(
        response.pod["spec"]["volumes"][1]["emptyDir"]["sizeLimit"],
        "1Gi"
    );
}

#[test]
fn none_overrides_the_data_stores_of_the_service_account() {
    let response = Case::new().annotation("irsa.dev/postgres", "none").review();
    response.assert_not_injected(
        Reason::NoDataStore,
        "set `irsa.dev/postgres` or `irsa.dev/opensearch`",
    );
}

/// A template whose value is missing must not switch the sidecar off unnoticed.
#[test]
fn an_empty_list_of_data_stores_is_invalid() {
    for key in ["irsa.dev/postgres", "irsa.dev/opensearch"] {
        let expected = format!("`{key}` is empty: set a host, or `none`");
        for value in ["", "  "] {
            let response = Case::new().annotation(key, value).review();
            response.assert_not_injected(Reason::AnnotationInvalid, &expected);
        }
    }
}

#[test]
fn a_pod_can_opt_out_without_a_warning() {
    let response = Case::new()
        .required()
        .annotation("irsa.dev/inject", "false")
        .review();
    assert_eq!(response.outcome(), Outcome::NotInjected(Reason::OptedOut));
    assert!(response.is_allowed() && response.warnings().is_empty());
}

#[test]
fn the_version_of_the_webhook_is_recorded() {
    let response = Case::new().review();
    assert_eq!(
        response.pod["metadata"]["annotations"]["irsa.dev/version"],
        "0.2.0"
    );
}
