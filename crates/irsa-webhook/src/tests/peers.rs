//! Other webhooks, which change the pod before and after this one. With `reinvocationPolicy: IfNeeded` the API server
//! calls it a second time.

use serde_json::{Value, json};

use super::{Case, ROLE, patch};
use crate::{Facts, Lookup, Outcome, Reason};

fn init_containers(pod: &mut Value) -> &mut Vec<Value> {
    pod["spec"]["initContainers"].as_array_mut().unwrap()
}

fn with_search() -> Case {
    Case::new().account("irsa.dev/opensearch", "search.example.com")
}

#[test]
fn a_second_call_changes_nothing() {
    let response = with_search().review_again(|_| {});
    assert_eq!(response.outcome(), Outcome::Unchanged);
    assert!(patch(&response.reviewed).is_none());
}

/// A typed webhook that was built for an older Kubernetes API removes `restartPolicy` and probes from init containers.
#[test]
fn fields_that_a_typed_webhook_stripped_come_back() {
    let expected = with_search().review().pod;
    for fields in [
        &["restartPolicy"][..],
        &["startupProbe"],
        &["restartPolicy", "startupProbe", "livenessProbe"],
        &[
            "resources",
            "ports",
            "env",
            "volumeMounts",
            "args",
            "securityContext",
            "image",
        ],
    ] {
        let response = with_search().review_again(|pod| {
            let sidecar = init_containers(pod)[0].as_object_mut().unwrap();
            for field in fields {
                sidecar.remove(*field).unwrap();
            }
        });
        assert_eq!(response.outcome(), Outcome::Restored);
        assert_eq!(response.pod, expected, "{fields:?}");
    }
}

#[test]
fn parts_of_lists_and_of_the_security_context_come_back() {
    let expected = Case::new().review().pod;
    let response = Case::new().review_again(|pod| {
        let sidecar = &mut init_containers(pod)[0];
        let env = sidecar["env"].as_array_mut().unwrap();
        assert_eq!(env.pop().unwrap()["name"], "AWS_WEB_IDENTITY_TOKEN_FILE");
        let context = sidecar["securityContext"].as_object_mut().unwrap();
        context.remove("seccompProfile").unwrap();
        pod["spec"]["volumes"] = json!([]);
    });
    assert_eq!(response.outcome(), Outcome::Restored);
    assert_eq!(response.pod, expected);
}

/// Istio moves its proxy to the front, and removes init containers that it does not know when it builds the list again.
#[test]
fn a_sidecar_that_was_reordered_stays_where_it_is() {
    let proxy = json!({"name": "istio-proxy", "restartPolicy": "Always"});
    let response = Case::new().review_again(|pod| init_containers(pod).insert(0, proxy));
    assert_eq!(response.outcome(), Outcome::Unchanged);
    assert_eq!(response.pod["spec"]["initContainers"][1]["name"], "irsa");
}

#[test]
fn a_sidecar_that_was_removed_is_injected_again_once() {
    let first = Case::new().review().pod;
    let response = Case::new().review_again(|pod| init_containers(pod).clear());
    assert_eq!(response.outcome(), Outcome::Injected);
    assert_eq!(response.pod, first);
}

/// A mesh redirects probes to its agent. With strict mutual TLS, the original ones would fail.
#[test]
fn probes_that_a_mesh_rewrote_stay() {
    let rewritten = json!({"httpGet": {"path": "/app-health/irsa/startupz", "port": 15_020}});
    let response = Case::new().review_again(|pod| {
        init_containers(pod)[0]["startupProbe"] = rewritten.clone();
    });
    assert_eq!(response.outcome(), Outcome::Unchanged);
    assert_eq!(response.sidecar()["startupProbe"], rewritten);
}

/// Otherwise the two would change the resources in turns, and the pod would be evicted again and again.
#[test]
fn resources_that_an_autoscaler_set_stay() {
    let resources = json!({"requests": {"cpu": "5m"}});
    let response = Case::new().review_again(|pod| {
        init_containers(pod)[0]["resources"] = resources.clone();
    });
    assert_eq!(response.outcome(), Outcome::Unchanged);
    assert_eq!(response.sidecar()["resources"], resources);
}

#[test]
fn an_image_that_was_redirected_to_a_mirror_stays() {
    let response = Case::new().review_again(|pod| {
        init_containers(pod)[0]["image"] = json!("mirror.example.com/irsa@sha256:0123");
    });
    assert_eq!(response.outcome(), Outcome::Unchanged);
}

/// The EKS webhook runs after this one (`irsa…` sorts before `pod-identity-webhook`). It finds both variables of the
/// sidecar, leaves them, and adds the Region and its mount.
#[test]
fn additions_of_the_eks_webhook_stay() {
    let response = Case::new()
        .account("eks.amazonaws.com/role-arn", ROLE)
        .review_again(|pod| {
            let sidecar = &mut init_containers(pod)[0];
            let env = sidecar["env"].as_array_mut().unwrap();
            env.push(json!({"name": "AWS_DEFAULT_REGION", "value": "eu-central-1"}));
            let mount = json!({"name": "aws-iam-token", "readOnly": true,
                           "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount"});
            sidecar["volumeMounts"].as_array_mut().unwrap().push(mount);
            let volume = json!({"name": "aws-iam-token", "projected": {"sources": []}});
            pod["spec"]["volumes"]
                .as_array_mut()
                .unwrap()
                .insert(0, volume);
        });
    assert_eq!(response.outcome(), Outcome::Unchanged);
}

/// If the EKS webhook runs first, the sidecar is added to a pod that already has the volume of EKS.
#[test]
fn the_volume_of_eks_and_that_of_irsa_can_both_exist() {
    let volume = json!({"name": "aws-iam-token", "projected": {"sources": []}});
    let response = Case::new().spec("volumes", json!([volume])).review();
    let volumes = response.pod["spec"]["volumes"].as_array().unwrap();
    let names: Vec<_> = volumes
        .iter()
        .map(|volume| volume["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["aws-iam-token", "irsa-token"]);
}

/// The second call comes before that of EKS, which then leaves out the new container. If a webhook between the two adds
/// the container, EKS has already given it the role, and the list takes nothing away.
#[test]
fn a_container_that_is_added_later_is_listed_and_reported_if_it_already_has_the_role() {
    let list_and_warnings = |container: Value| {
        let case = Case::new().annotation("irsa.dev/application-identity", "none");
        let response = case.review_again(|pod| {
            let containers = pod["spec"]["containers"].as_array_mut().unwrap();
            containers.push(container);
        });
        assert_eq!(response.outcome(), Outcome::Restored);
        let list = &response.pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"];
        assert_eq!(list, "app,linkerd-proxy");
        response.warnings().join("\n")
    };
    assert_eq!(list_and_warnings(json!({"name": "linkerd-proxy"})), "");
    let mounts = json!([{"name": "aws-iam-token"}]);
    let warnings = list_and_warnings(json!({"name": "linkerd-proxy", "volumeMounts": mounts}));
    assert!(
        warnings.contains("`linkerd-proxy` already has AWS credentials"),
        "{warnings}"
    );
}

#[test]
fn a_container_that_is_added_later_with_a_port_of_the_sidecar_is_reported() {
    let response = Case::new().review_again(|pod| {
        let other = json!({"name": "pooler", "ports": [{"containerPort": 5432}]});
        pod["spec"]["containers"]
            .as_array_mut()
            .unwrap()
            .push(other);
    });
    assert_eq!(response.outcome(), Outcome::Kept(Reason::PortInUse));
    let warning = response.warnings().join("\n");
    assert!(
        warning.contains("sidecar injected, but it may not work (port-in-use)")
            && warning.contains("`pooler` uses port 5432"),
        "{warning}"
    );
}

/// Without `restartPolicy`, the sidecar would be an init container that never completes, and the pod would never start.
#[test]
fn a_sidecar_runs_even_if_the_second_call_would_not_inject_it() {
    let mut pod = Case::new().review().pod;
    let sidecar = pod["spec"]["initContainers"][0].as_object_mut().unwrap();
    sidecar.remove("restartPolicy");
    let case = Case::new().pod(pod);
    let facts = Facts {
        service_account: Lookup::Failed("timed out".to_owned()),
        ..case.facts()
    };
    let response = case.review_with(&facts);
    assert_eq!(response.outcome(), Outcome::Kept(Reason::LookupFailed));
    assert_eq!(response.sidecar()["restartPolicy"], "Always");
}

/// A template that was copied from an injected pod.
#[test]
fn an_injected_pod_of_an_older_version_keeps_its_version() {
    let mut pod = Case::new().review().pod;
    pod["metadata"]["annotations"]["irsa.dev/version"] = json!("0.1.0");
    let response = Case::new().pod(pod).review();
    assert_eq!(response.outcome(), Outcome::Unchanged);
    assert_eq!(
        response.pod["metadata"]["annotations"]["irsa.dev/version"],
        "0.1.0"
    );
}

/// The cluster was upgraded to native sidecars, or the webhook was restarted with other settings, between the calls.
#[test]
fn a_plain_container_stays_one() {
    let old = || Case::new().settings(|settings| settings.native_sidecars = false);
    let response = Case::new().pod(old().review().pod).review();
    assert_eq!(response.outcome(), Outcome::Unchanged);
    assert!(response.sidecar()["restartPolicy"].is_null());
}
