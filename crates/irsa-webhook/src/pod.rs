//! A pod as raw JSON. Every method accepts any structure.

use irsa_sidecar::CONTAINER;
use irsa_sidecar::names::VERSION;
use serde_json::{Map, Value};

/// The annotation of a mirror pod.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// The service account of a pod that does not name one.
const DEFAULT_ACCOUNT: &str = "default";
/// The node labels with the operating system.
const OS_LABELS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];
/// The lists of `spec` that a patch changes.
const LISTS: [&str; 4] = [
    "initContainers",
    "containers",
    "volumes",
    "imagePullSecrets",
];

/// A pod.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pod<'p>(&'p Value);

/// A container, with its position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position<'p> {
    /// `initContainers` or `containers`.
    pub(crate) list: &'static str,
    pub(crate) index: usize,
    pub(crate) container: &'p Value,
}

impl<'p> Pod<'p> {
    pub(crate) fn new(object: &'p Value) -> Self {
        Self(object)
    }

    /// Returns whether all that a patch changes has the type of the Kubernetes API.
    pub(crate) fn is_well_formed(self) -> bool {
        let is_object =
            |value: Option<&Value>| value.is_none_or(|value| value.is_object() || value.is_null());
        let is_list = |value: Option<&Value>| match value {
            None | Some(Value::Null) => true,
            Some(Value::Array(items)) => items.iter().all(Value::is_object),
            Some(_) => false,
        };
        let metadata = self.0.get("metadata");
        let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
        is_object(metadata)
            && is_object(annotations)
            && self.0.get("spec").is_some_and(Value::is_object)
            && LISTS.iter().all(|list| is_list(self.spec(list)))
    }

    pub(crate) fn metadata(self) -> Option<&'p Map<String, Value>> {
        self.0.get("metadata")?.as_object()
    }

    pub(crate) fn annotations(self) -> Option<&'p Map<String, Value>> {
        self.metadata()?.get("annotations")?.as_object()
    }

    pub(crate) fn annotation(self, key: &str) -> Option<&'p str> {
        self.annotations()?.get(key)?.as_str()
    }

    pub(crate) fn has_label(self, key: &str) -> bool {
        let labels = self.metadata().and_then(|metadata| metadata.get("labels"));
        labels.is_some_and(|labels| labels.get(key).is_some())
    }

    pub(crate) fn spec(self, field: &str) -> Option<&'p Value> {
        self.0.get("spec")?.get(field)
    }

    fn is_set(self, field: &str) -> bool {
        self.spec(field).and_then(Value::as_bool) == Some(true)
    }

    /// The items of a list in `spec`, or `None` if the list is absent.
    pub(crate) fn items(self, list: &str) -> Option<&'p [Value]> {
        self.spec(list)?.as_array().map(Vec::as_slice)
    }

    /// All containers in their start order.
    pub(crate) fn containers(self) -> impl Iterator<Item = Position<'p>> {
        ["initContainers", "containers"]
            .into_iter()
            .flat_map(move |list| {
                let items = self.items(list).unwrap_or_default().iter().enumerate();
                items.map(move |(index, container)| Position {
                    list,
                    index,
                    container,
                })
            })
    }

    pub(crate) fn container(self, name: &str) -> Option<Position<'p>> {
        self.containers().find(|one| one.name() == Some(name))
    }

    /// Returns whether the webhook injected the pod's sidecar, in an earlier call for the same pod.
    pub(crate) fn has_injected_sidecar(self) -> bool {
        self.container(CONTAINER).is_some() && self.annotation(VERSION).is_some()
    }

    pub(crate) fn has_item(self, list: &str, name: &str) -> bool {
        let items = self.items(list).unwrap_or_default();
        items.iter().any(|item| name_of(item) == Some(name))
    }

    pub(crate) fn service_account(self) -> &'p str {
        let named = |field| {
            self.spec(field)?
                .as_str()
                .filter(|name: &&str| !name.is_empty())
        };
        named("serviceAccountName")
            .or_else(|| named("serviceAccount"))
            .unwrap_or(DEFAULT_ACCOUNT)
    }

    pub(crate) fn is_mirror(self) -> bool {
        self.annotations()
            .is_some_and(|all| all.contains_key(MIRROR))
    }

    pub(crate) fn uses_host_network(self) -> bool {
        self.is_set("hostNetwork")
    }

    pub(crate) fn shares_processes(self) -> bool {
        self.is_set("shareProcessNamespace")
    }

    /// Returns whether the pod ends by itself, as those of a Job do.
    pub(crate) fn runs_to_completion(self) -> bool {
        let policy = self.spec("restartPolicy").and_then(Value::as_str);
        matches!(policy, Some("Never" | "OnFailure"))
    }

    /// The time in seconds between SIGTERM and SIGKILL.
    pub(crate) fn grace_period(self) -> u64 {
        let seconds = self.spec("terminationGracePeriodSeconds");
        seconds.and_then(Value::as_u64).unwrap_or(30)
    }

    pub(crate) fn is_for_windows(self) -> bool {
        let named = self.spec("os").and_then(name_of) == Some("windows");
        let selector = self.spec("nodeSelector");
        let selects = |label: &&str| {
            let value = selector.and_then(|labels| labels.get(*label)?.as_str());
            value == Some("windows")
        };
        named || OS_LABELS.iter().any(selects) || self.has_affinity_to_windows()
    }

    /// Returns whether all alternatives of the required node affinity select Windows only.
    fn has_affinity_to_windows(self) -> bool {
        let path = "/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
        let terms = self
            .spec("affinity")
            .and_then(|affinity| affinity.pointer(path)?.as_array());
        let expressions = |term: &'p Value| term.get("matchExpressions").and_then(Value::as_array);
        let selects = |term| expressions(term).is_some_and(|all| all.iter().any(is_windows_only));
        terms.is_some_and(|terms| !terms.is_empty() && terms.iter().all(selects))
    }
}

impl<'p> Position<'p> {
    pub(crate) fn name(&self) -> Option<&'p str> {
        name_of(self.container)
    }

    /// Returns whether an init container is a native sidecar.
    pub(crate) fn always_restarts(&self) -> bool {
        let policy = self.container.get("restartPolicy").and_then(Value::as_str);
        policy == Some("Always")
    }

    /// The ports that the container declares.
    pub(crate) fn ports(&self) -> impl Iterator<Item = u64> {
        let ports = self.container.get("ports").and_then(Value::as_array);
        let ports = ports.into_iter().flatten();
        ports.filter_map(|port| port.get("containerPort")?.as_u64())
    }

    pub(crate) fn has_variable(&self, name: &str) -> bool {
        self.has_item("env", name)
    }

    /// Returns whether the container mounts the volume.
    pub(crate) fn has_mount(&self, volume: &str) -> bool {
        self.has_item("volumeMounts", volume)
    }

    fn has_item(&self, list: &str, name: &str) -> bool {
        let items = self.container.get(list).and_then(Value::as_array);
        let mut items = items.into_iter().flatten();
        items.any(|item| name_of(item) == Some(name))
    }
}

pub(crate) fn name_of(object: &Value) -> Option<&str> {
    object.get("name")?.as_str()
}

fn is_windows_only(expression: &Value) -> bool {
    let key = expression.get("key").and_then(Value::as_str);
    let values = expression.get("values").and_then(Value::as_array);
    key.is_some_and(|key| OS_LABELS.contains(&key))
        && expression.get("operator").and_then(Value::as_str) == Some("In")
        && values.is_some_and(|values| {
            !values.is_empty() && values.iter().all(|value| value == "windows")
        })
}
