//! The objects that a chart makes.

use serde_json::Value;

use crate::Error;

/// What an application gets that is sent to a sidecar.
const SENT: [&str; 2] = ["localhost:9200", "localhost:5432"];

/// Objects of Kubernetes.
#[derive(Debug)]
pub(super) struct Objects(Vec<Value>);

/// The pod that the Kustomize component of `irsa render kubernetes` makes: the sidecar and its volumes.
#[derive(Debug)]
pub(super) struct Pod<'p>(pub(super) &'p Value);

impl Objects {
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let objects: Vec<Value> = serde_saphyr::from_multiple(text)?;
        Ok(Self(objects.into_iter().filter(Value::is_object).collect()))
    }

    /// Returns what a workload lacks. Several pods may have its sidecar, and the settings are one's of them.
    pub(super) fn problem(&self, wanted: &Pod<'_>, needles: &[&str]) -> Option<String> {
        let sidecar = &wanted.0["initContainers"][0];
        let has = |object: &&Value| items(pod(object), "initContainers").any(|one| one == sidecar);
        let objects: Vec<_> = self.0.iter().filter(has).collect();
        if objects.is_empty() {
            return Some("no pod has its sidecar".to_owned());
        }
        for object in &objects {
            let lacks = |volume: &&Value| !items(pod(object), "volumes").any(|one| one == *volume);
            if let Some(volume) = items(wanted.0, "volumes").find(lacks) {
                return Some(format!("{} lacks the volume {volume}", name(object)));
            }
        }
        let texts: Vec<_> = objects
            .iter()
            .flat_map(|object| self.texts(object))
            .collect();
        let mut needles = needles.iter();
        let missing = needles.find(|needle| !texts.iter().any(|text| text.contains(*needle)))?;
        Some(format!("its settings lack `{missing}`"))
    }

    /// Names of objects whose applications are sent to a sidecar that their pods do not have.
    pub(super) fn sent_without_sidecar(&self) -> Vec<String> {
        let lacks = |object: &&Value| {
            !items(pod(object), "initContainers").any(|one| one["name"] == "irsa")
        };
        let is_sent = |object: &&Value| {
            let texts = self.texts(object);
            texts
                .iter()
                .any(|text| SENT.iter().any(|sent| text.contains(sent)))
        };
        let pods = self.0.iter().filter(|object| pod(object).is_object());
        let pods = pods.filter(lacks).filter(is_sent);
        pods.map(|object| format!("{}/{}", text(&object["kind"]), name(object)))
            .collect()
    }

    /// The texts of an object's containers, and of the ConfigMaps that its pod has.
    fn texts(&self, object: &Value) -> Vec<String> {
        let pod = pod(object);
        let mut found = Vec::new();
        let containers = items(pod, "containers").chain(items(pod, "initContainers"));
        for container in containers.clone().filter(|one| one["name"] != "irsa") {
            strings(&container["env"], &mut found);
        }
        let volumes = items(pod, "volumes").map(|volume| &volume["configMap"]["name"]);
        let from = containers.flat_map(|one| items(one, "envFrom"));
        let from = from.map(|from| &from["configMapRef"]["name"]);
        let names: Vec<_> = volumes.chain(from).filter_map(Value::as_str).collect();
        for map in self.0.iter().filter(|one| one["kind"] == "ConfigMap") {
            if names.contains(&name(map)) {
                strings(&map["data"], &mut found);
            }
        }
        found
    }
}

/// The pod of an object that makes pods; `null` for others.
fn pod(object: &Value) -> &Value {
    &object["spec"]["template"]["spec"]
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + Clone + use<'v> {
    value[key]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// All texts in a value. One that is YAML itself is read, so that its escapes are those of the application.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let inner: Option<Value> = serde_saphyr::from_str(text).ok();
            match inner.filter(|inner| inner.is_object() || inner.is_array()) {
                Some(inner) => strings(&inner, found),
                None => found.push(text.clone()),
            }
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(entries) => entries.values().for_each(|item| strings(item, found)),
        _ => {}
    }
}
