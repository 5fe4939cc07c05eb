//! Where the sidecar runs, and what it needs to run there.

use serde_json::{Value, json};

use super::{Case, Response};
use crate::Outcome;

fn names(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

fn old() -> Case {
    Case::new().settings(|settings| settings.native_sidecars = false)
}

/// The init containers of the application, such as migrations, use the sidecar.
#[test]
fn starts_before_all_init_containers_of_the_pod() {
    let case = Case::new().spec(
        "initContainers",
        json!([{"name": "migrate"}, {"name": "seed"}]),
    );
    let response = case.review();
    assert_eq!(
        names(&response.pod["spec"]["initContainers"]),
        ["irsa", "migrate", "seed"]
    );
    assert_eq!(response.sidecar()["restartPolicy"], "Always");
}

/// The application starts when the startup probe succeeds. It means that irsa listens, and meshes can rewrite it: HTTP,
/// with the number of a port that no data store uses.
#[test]
fn the_startup_probe_is_http_with_the_number_of_the_admin_port() {
    let response = Case::new().review();
    let expected = json!({"httpGet": {"path": "/startupz", "port": 9441}, "periodSeconds": 1, "failureThreshold": 30});
    assert_eq!(response.sidecar()["startupProbe"], expected);
    let ports = json!([{"name": "irsa-admin", "containerPort": 9441}]);
    assert_eq!(response.sidecar()["ports"], ports);
    assert_eq!(response.variable("IRSA_ADMIN_ADDRESS"), Some("*:9441"));
}

/// `kubectl logs` and `kubectl exec` use the first container.
#[test]
fn the_application_stays_the_first_container() {
    for (case, containers) in [(Case::new(), vec!["app"]), (old(), vec!["app", "irsa"])] {
        let response = case.review();
        assert_eq!(names(&response.pod["spec"]["containers"]), containers);
    }
}

#[test]
fn without_native_sidecars_it_stops_after_the_application() {
    let response = old().review();
    assert!(response.sidecar()["restartPolicy"].is_null());
    assert_eq!(response.variable("IRSA_DRAIN_DELAY"), Some("10s"));
    assert_eq!(response.variable("IRSA_DRAIN_TIMEOUT"), Some("15s"));
    let times = |response: Response| {
        let seconds = |name| {
            response
                .variable(name)?
                .strip_suffix('s')?
                .parse::<u64>()
                .ok()
        };
        seconds("IRSA_DRAIN_DELAY").unwrap() + seconds("IRSA_DRAIN_TIMEOUT").unwrap()
    };
    for grace in [0, 1, 7, 30, 3_600, u64::MAX] {
        let response = old()
            .spec("terminationGracePeriodSeconds", json!(grace))
            .review();
        assert!(times(response) <= grace.saturating_sub(5).max(1), "{grace}");
    }
}

#[test]
fn a_pod_that_completes_is_warned_about_only_without_native_sidecars() {
    for policy in ["Never", "OnFailure"] {
        let native = Case::new().spec("restartPolicy", json!(policy)).review();
        assert!(native.warnings().is_empty());
        let response = old().spec("restartPolicy", json!(policy)).review();
        assert!(response.warnings().join("\n").contains("does not complete"));
        assert_eq!(response.outcome(), Outcome::Injected);
    }
}

/// The rules of the Pod Security Standards, level `restricted`, for a container. A pod-level context is not enough: the
/// pod may not have one.
#[test]
fn the_container_satisfies_the_level_restricted_on_its_own() {
    let response = Case::new().review();
    let context = &response.sidecar()["securityContext"];
    assert_eq!(context["allowPrivilegeEscalation"], false);
    assert_eq!(context["runAsNonRoot"], true);
    assert!(context["runAsUser"].as_u64().unwrap() > 0);
    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
    assert_eq!(context["seccompProfile"], json!({"type": "RuntimeDefault"}));
    assert_eq!(context["readOnlyRootFilesystem"], true);
}

#[test]
fn the_image_has_the_pull_policy_and_the_secrets_of_the_webhook() {
    let case = Case::new().settings(|settings| {
        settings.pull_policy = Some("IfNotPresent".to_owned());
        settings.pull_secrets = vec!["registry".to_owned(), "mirror".to_owned()];
    });
    let response = case
        .spec("imagePullSecrets", json!([{"name": "registry"}]))
        .review();
    assert_eq!(
        response.sidecar()["image"],
        "registry.example.com/irsa@sha256:0123"
    );
    assert_eq!(response.sidecar()["imagePullPolicy"], "IfNotPresent");
    assert_eq!(
        names(&response.pod["spec"]["imagePullSecrets"]),
        ["registry", "mirror"]
    );
}

#[test]
fn an_annotation_pins_another_image() {
    let response = Case::new()
        .annotation("irsa.dev/image", "irsa:0.1.9")
        .review();
    assert_eq!(response.sidecar()["image"], "irsa:0.1.9");
}
