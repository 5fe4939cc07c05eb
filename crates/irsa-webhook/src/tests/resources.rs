//! Requests and limits.

use serde_json::json;

use super::Case;
use crate::Reason;

/// A quota rejects containers without requests and limits.
#[test]
fn the_sidecar_has_requests_and_limits() {
    let response = Case::new().review();
    let expected =
        json!({"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}});
    assert_eq!(response.sidecar()["resources"], expected);
}

#[test]
fn annotations_change_them() {
    let case = Case::new()
        .namespace("irsa.dev/cpu-limit", "1")
        .account("irsa.dev/memory-limit", "1Gi")
        .annotation("irsa.dev/cpu-request", "100m")
        .annotation("irsa.dev/memory-request", "64Mi");
    let expected = json!({
        "requests": {"cpu": "100m", "memory": "64Mi"},
        "limits": {"cpu": "1", "memory": "1Gi"},
    });
    assert_eq!(case.review().sidecar()["resources"], expected);
}

#[test]
fn quantities_that_the_api_server_would_reject_are_refused() {
    let malformed = Case::new()
        .annotation("irsa.dev/cpu-limit", "a lot")
        .review();
    malformed.assert_not_injected(
        Reason::AnnotationInvalid,
        "`irsa.dev/cpu-limit`: `a lot` is not a quantity",
    );
    let above = Case::new()
        .annotation("irsa.dev/memory-request", "300Mi")
        .review();
    above.assert_not_injected(
        Reason::AnnotationInvalid,
        "memory request 300Mi exceeds its limit 256Mi",
    );
}

/// The API server rejects a pod whose containers together exceed the resources of the pod.
#[test]
fn what_the_resources_of_the_pod_set_is_left_out() {
    let sidecar = |resources| {
        let response = Case::new().spec("resources", resources).review();
        response.sidecar()["resources"].clone()
    };
    assert_eq!(
        sidecar(json!({"limits": {"memory": "128Mi"}})),
        json!({"requests": {"cpu": "20m"}, "limits": {}})
    );
    assert_eq!(
        sidecar(json!({"requests": {"cpu": "1"}})),
        json!({"requests": {"memory": "32Mi"}, "limits": {"memory": "256Mi"}})
    );
    let unset = json!({"requests": {"cpu": null}, "limits": null});
    assert_eq!(sidecar(unset)["requests"]["cpu"], "20m");
}
