//! The objects of a scenario.

use serde_json::{Value, json};

use super::given::{Change, Given};

const WHOLE: &str = include_str!("whole.yaml");
/// The variables that the webhook adds to a container.
const GIVEN_BY_WEBHOOK: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/// All objects in the order of creation, with the webhook configuration last.
pub(super) fn create(given: &Given, namespace: &str, webhook: &str, authority: &str) -> Vec<Value> {
    let text = WHOLE
        .replace("$NAMESPACE", namespace)
        .replace("$WEBHOOK", webhook)
        .replace("$AUTHORITY", authority);
    let mut objects: Vec<Value> = serde_saphyr::from_str(&text).unwrap();
    if !given.mutated {
        as_its_template(object(&mut objects, "Pod"));
    }
    for change in &given.changes {
        if change.at.is_empty() {
            objects.retain(|object| object["kind"] != change.of.as_str());
        } else {
            apply(object(&mut objects, &change.of), change);
        }
    }
    objects
}

/// The identity that a new pod is given.
#[derive(Debug, Clone, Copy)]
pub(super) enum GivenIdentity<'a> {
    Nothing,
    /// The webhook injects this role.
    Role(&'a str),
    /// The webhook injects the variables of EKS Pod Identity.
    Agent,
    /// The template gives the role to the sidecar.
    SidecarOnly,
}

/// The pod that a controller creates from the template.
pub(super) fn new_pod(given: GivenIdentity<'_>) -> Value {
    let mut objects: Vec<Value> = serde_saphyr::from_str(WHOLE).unwrap();
    let pod = object(&mut objects, "Pod");
    match given {
        GivenIdentity::Nothing => as_its_template(pod),
        GivenIdentity::Role(role) => set_role(pod, role),
        GivenIdentity::Agent => with_agent(pod),
        GivenIdentity::SidecarOnly => without_identity(&mut pod["spec"]["containers"][0]),
    }
    pod.clone()
}

fn set_role(pod: &mut Value, role: &str) {
    for kind in ["initContainers", "containers"] {
        for container in pod["spec"][kind].as_array_mut().unwrap() {
            for variable in container["env"].as_array_mut().unwrap() {
                if variable["name"] == "AWS_ROLE_ARN" {
                    variable["value"] = role.into();
                }
            }
        }
    }
}

/// Replaces the variables and the audience of IRSA by those of EKS Pod Identity.
fn with_agent(pod: &mut Value) {
    for kind in ["initContainers", "containers"] {
        for container in pod["spec"][kind].as_array_mut().unwrap() {
            for variable in container["env"].as_array_mut().unwrap() {
                if variable["name"] == "AWS_ROLE_ARN" {
                    *variable = json!({"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                       "value": "http://169.254.170.23/v1/credentials"});
                } else if variable["name"] == "AWS_WEB_IDENTITY_TOKEN_FILE" {
                    variable["name"] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE".into();
                }
            }
        }
    }
    pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["audience"] =
        "pods.eks.amazonaws.com".into();
}

fn object<'a>(objects: &'a mut [Value], kind: &str) -> &'a mut Value {
    let mut all = objects.iter_mut();
    all.find(|object| object["kind"] == kind)
        .expect("one of this kind")
}

/// Removes from the pod what the webhook added.
fn as_its_template(pod: &mut Value) {
    for kind in ["initContainers", "containers"] {
        for container in pod["spec"][kind].as_array_mut().unwrap() {
            without_identity(container);
        }
    }
    pod["spec"].as_object_mut().unwrap().remove("volumes");
}

fn without_identity(container: &mut Value) {
    let env = container["env"].as_array_mut().unwrap();
    env.retain(|variable| {
        !GIVEN_BY_WEBHOOK
            .iter()
            .any(|name| variable["name"] == *name)
    });
    container.as_object_mut().unwrap().remove("volumeMounts");
}

fn apply(object: &mut Value, change: &Change) {
    let (parent, key) = change.at.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (object.pointer_mut(parent), &change.to) {
        (Some(Value::Object(fields)), Some(value)) => drop(fields.insert(key, value.clone())),
        (Some(Value::Object(fields)), None) => drop(fields.remove(&key).expect("a field")),
        (Some(Value::Array(items)), Some(value)) if key == "-" => items.push(value.clone()),
        (Some(Value::Array(items)), Some(value)) => {
            items[key.parse::<usize>().unwrap()] = value.clone();
        }
        (Some(Value::Array(items)), None) => drop(items.remove(key.parse().unwrap())),
        _ => panic!("nothing at {parent}"),
    }
}

/// The API path of objects of this kind.
pub(super) fn path(kind: &str, namespace: &str) -> String {
    match kind {
        "Namespace" => "/api/v1/namespaces".to_owned(),
        "ServiceAccount" => format!("/api/v1/namespaces/{namespace}/serviceaccounts"),
        "Pod" => format!("/api/v1/namespaces/{namespace}/pods"),
        "ClusterRole" => "/apis/rbac.authorization.k8s.io/v1/clusterroles".to_owned(),
        "ClusterRoleBinding" => "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings".to_owned(),
        "MutatingWebhookConfiguration" => {
            "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations".to_owned()
        }
        _ => panic!("{kind} is not a kind of object in scenarios"),
    }
}
