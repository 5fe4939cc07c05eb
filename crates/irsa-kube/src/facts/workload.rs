//! The objects that create pods, with the settings of their containers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};

use super::metadata::Metadata;
use super::pod_container::EnvSource;

/// A Deployment, StatefulSet, DaemonSet or CronJob, or a pod that none of these created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkloadObject {
    /// The object in kubectl's notation: `deployment/keycloak`.
    pub reference: String,
    /// The name of its service account; empty for `default`.
    pub service_account: String,
    /// The labels of the object and of its pods; those of the pods take precedence.
    pub labels: BTreeMap<String, String>,
    /// Its containers in their start order.
    pub containers: Vec<SettingsContainer>,
    /// The ConfigMaps that its volumes contain, by volume.
    pub config_volumes: Vec<ConfigVolume>,
}

/// A container with its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SettingsContainer {
    /// Its name, unique in the pod.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its environment.
    #[serde(deserialize_with = "list")]
    pub env: Vec<Setting>,
    /// The objects whose keys are added to its environment.
    #[serde(deserialize_with = "list")]
    pub env_from: Vec<EnvSource>,
    /// The names of the volumes that it mounts.
    #[serde(rename = "volumeMounts", deserialize_with = "names")]
    pub volumes: Vec<String>,
}

/// A variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "AnySetting")]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value, or where that is.
    pub value: SettingValue,
}

/// The value of a variable.
#[derive(Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// A text in the object itself.
    Text(String),
    /// A text in the object itself, which was not kept because no one asked for it.
    Dropped,
    /// The key of a ConfigMap.
    ConfigMap {
        /// The ConfigMap's name.
        name: String,
        /// The key.
        key: String,
    },
    /// The key of a Secret.
    Secret {
        /// The Secret's name.
        name: String,
        /// The key.
        key: String,
    },
    /// A field of the pod or of a container.
    Field,
}

/// A volume with the files of ConfigMaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigVolume {
    /// The volume's name.
    pub volume: String,
    /// The names of the ConfigMaps.
    pub config_maps: Vec<String>,
}

/// Shows no text: it may contain a password.
impl fmt::Debug for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text"),
            Self::Dropped => f.write_str("Dropped"),
            Self::ConfigMap { name, key } => write!(f, "ConfigMap({name}, {key})"),
            Self::Secret { name, key } => write!(f, "Secret({name}, {key})"),
            Self::Field => f.write_str("Field"),
        }
    }
}

// === impl WorkloadObject ===

impl WorkloadObject {
    /// Drops the values of all variables except those that `is_kept` names, and those that these refer to by
    /// `$(NAME)`.
    pub(crate) fn drop_other_values(&mut self, is_kept: fn(&str) -> bool) {
        for container in &mut self.containers {
            let mut kept: Vec<String> = container
                .env
                .iter()
                .filter(|setting| is_kept(&setting.name))
                .map(|setting| setting.name.clone())
                .collect();
            let mut next = 0;
            while let Some(name) = kept.get(next) {
                let mut same = container.env.iter().filter(|one| one.name == *name);
                let referenced: Vec<String> = same.by_ref().flat_map(Setting::references).collect();
                let new = referenced.into_iter().filter(|name| !kept.contains(name));
                kept.extend(new.collect::<Vec<_>>());
                next += 1;
            }
            for setting in &mut container.env {
                let has_text =
                    matches!(&setting.value, SettingValue::Text(text) if !text.is_empty());
                if has_text && !kept.contains(&setting.name) {
                    setting.value = SettingValue::Dropped;
                }
            }
        }
    }

    pub(crate) fn from_template(reference: String, own: Metadata, template: Template) -> Self {
        let mut labels = own.labels;
        labels.extend(template.metadata.labels);
        let spec = template.spec;
        Self {
            reference,
            service_account: spec.service_account_name,
            labels,
            containers: spec
                .init_containers
                .into_iter()
                .chain(spec.containers)
                .collect(),
            config_volumes: spec
                .volumes
                .into_iter()
                .filter_map(AnyVolume::config)
                .collect(),
        }
    }
}

// === impl Setting ===

impl Setting {
    /// The variables that the value refers to by `$(NAME)` ("Define Dependent Environment Variables" in the Kubernetes
    /// documentation).
    fn references(&self) -> Vec<String> {
        let SettingValue::Text(text) = &self.value else {
            return Vec::new();
        };
        let names = text.split("$(").skip(1);
        let names = names.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
        names.collect()
    }
}

/// An object with a pod template.
#[derive(Deserialize)]
pub(crate) struct Templated {
    pub(crate) metadata: Metadata,
    pub(crate) spec: TemplatedSpec,
}

#[derive(Deserialize)]
pub(crate) struct TemplatedSpec {
    pub(crate) template: Template,
}

/// A CronJob, whose template is that of its Jobs.
#[derive(Deserialize)]
pub(crate) struct CronJob {
    pub(crate) metadata: Metadata,
    pub(crate) spec: CronJobSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CronJobSpec {
    pub(crate) job_template: JobTemplate,
}

#[derive(Deserialize)]
pub(crate) struct JobTemplate {
    pub(crate) spec: TemplatedSpec,
}

/// A pod template. A pod has the same form, with a status.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Template {
    pub(crate) metadata: Metadata,
    pub(crate) spec: TemplateSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TemplateSpec {
    service_account_name: String,
    #[serde(deserialize_with = "list")]
    init_containers: Vec<SettingsContainer>,
    #[serde(deserialize_with = "list")]
    containers: Vec<SettingsContainer>,
    #[serde(deserialize_with = "list")]
    volumes: Vec<AnyVolume>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyVolume {
    name: String,
    config_map: Option<Reference>,
    projected: Option<Projected>,
}

#[derive(Deserialize)]
struct Projected {
    #[serde(default, deserialize_with = "list")]
    sources: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    config_map: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    name: String,
    #[serde(default)]
    key: String,
}

impl AnyVolume {
    fn config(self) -> Option<ConfigVolume> {
        let sources = self.projected.into_iter().flat_map(|one| one.sources);
        let projected = sources.filter_map(|source| source.config_map);
        let all = self.config_map.into_iter().chain(projected);
        let config_maps: Vec<_> = all.map(|reference| reference.name).collect();
        let is_used = !config_maps.is_empty();
        is_used.then_some(ConfigVolume {
            volume: self.name,
            config_maps,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnySetting {
    name: String,
    value: Option<String>,
    value_from: Option<ValueFrom>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ValueFrom {
    secret_key_ref: Option<Reference>,
    config_map_key_ref: Option<Reference>,
}

impl From<AnySetting> for Setting {
    fn from(any: AnySetting) -> Self {
        let value = match any.value_from {
            None => SettingValue::Text(any.value.unwrap_or_default()),
            Some(ValueFrom {
                secret_key_ref: Some(Reference { name, key }),
                ..
            }) => SettingValue::Secret { name, key },
            Some(ValueFrom {
                config_map_key_ref: Some(Reference { name, key }),
                ..
            }) => SettingValue::ConfigMap { name, key },
            Some(_) => SettingValue::Field,
        };
        Self {
            name: any.name,
            value,
        }
    }
}

/// A list that may be `null`.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let items: Option<Vec<T>> = Deserialize::deserialize(deserializer)?;
    Ok(items.unwrap_or_default())
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mounts: Vec<Reference> = list(deserializer)?;
    Ok(mounts.into_iter().map(|mount| mount.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(json: &str) -> WorkloadObject {
        let object: Templated = serde_json::from_str(json).unwrap();
        WorkloadObject::from_template(
            "deployment/app".to_owned(),
            object.metadata,
            object.spec.template,
        )
    }

    #[test]
    fn keeps_the_values_that_are_asked_for_and_those_that_they_refer_to() {
        let mut object = deployment(
            r#"{"metadata": {"name": "app"}, "spec": {"template": {"spec": {"containers": [{"name": "app", "env": [
                {"name": "HOST", "value": "db.$(ZONE)"}, {"name": "ZONE", "value": "example"},
                {"name": "API_KEY", "value": "hunter2"},
                {"name": "KC_DB_URL", "value": "jdbc:postgresql://$(HOST)/d"}]}]}}}}"#,
        );
        object.drop_other_values(|name| name == "KC_DB_URL");
        let kept = object.containers[0].env.iter();
        let kept: Vec<_> = kept
            .filter(|one| one.value != SettingValue::Dropped)
            .collect();
        let names: Vec<_> = kept.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["HOST", "ZONE", "KC_DB_URL"]);
        assert!(!format!("{object:?}").contains("hunter2"));
        assert!(!format!("{object:?}").contains("jdbc"));
    }

    #[test]
    fn reads_where_values_are() {
        let object = deployment(
            r#"{"metadata": {"name": "app", "labels": {"a": "1", "b": "1"}}, "spec": {"template": {
                "metadata": {"labels": {"b": "2"}},
                "spec": {"serviceAccountName": "app", "initContainers": null,
                    "volumes": [{"name": "config", "configMap": {"name": "app"}},
                                {"name": "all", "projected": {"sources": [{"configMap": {"name": "x"}},
                                                                          {"secret": {}}]}},
                                {"name": "tmp", "emptyDir": {}}],
                    "containers": [{"name": "app", "image": "app:1",
                    "volumeMounts": [{"name": "config", "mountPath": "/c"}],
                    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                            {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
                            {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                            {"name": "D"}]}]}}}}"#,
        );
        assert_eq!(object.labels["a"], "1");
        assert_eq!(object.labels["b"], "2");
        let (name, key) = ("s".to_owned(), "k".to_owned());
        let values: Vec<_> = object.containers[0]
            .env
            .iter()
            .map(|one| one.value.clone())
            .collect();
        let expected = [
            SettingValue::Secret {
                name,
                key: key.clone(),
            },
            SettingValue::ConfigMap {
                name: "c".to_owned(),
                key,
            },
            SettingValue::Field,
            SettingValue::Text(String::new()),
        ];
        assert_eq!(values, expected);
        assert_eq!(object.containers[0].volumes, ["config"]);
        let volumes: Vec<_> = object
            .config_volumes
            .iter()
            .map(|one| one.config_maps.concat())
            .collect();
        assert_eq!(volumes, ["app", "x"]);
    }
}
