//! Containers.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// The variables whose values are kept: AWS SDKs use them, and none of them is a key.
const KEPT: [&str; 10] = [
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// A container of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name, unique in the pod.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The first word of its command, if it overrides the image's. Arguments may be secret and are not kept.
    #[serde(rename = "command", deserialize_with = "first_word")]
    pub program: Option<String>,
    /// Its environment.
    pub env: Vec<Variable>,
    /// The objects whose keys are added to its environment; they are not read.
    pub env_from: Vec<EnvSource>,
    /// Its volume mounts.
    pub volume_mounts: Vec<Mount>,
    /// `Always` makes an init container a native sidecar.
    pub restart_policy: Option<String>,
    /// It has a startup probe.
    #[serde(rename = "startupProbe", deserialize_with = "is_present")]
    pub has_startup_probe: bool,
}

/// A variable of the environment.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "AnyVariable")]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, if the pod itself sets it and the variable is one of those whose values are kept.
    pub value: Option<String>,
    /// The value comes from a Secret, a ConfigMap or a field, which is not read.
    pub is_from_elsewhere: bool,
}

/// Shows only the name.
impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Variable").field(&self.name).finish()
    }
}

/// An object whose keys become variables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "AnySource")]
pub struct EnvSource {
    /// `secret/NAME` or `configmap/NAME`.
    pub object: String,
    /// The prefix of each key.
    pub prefix: String,
}

/// The mount of a volume in a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Mount {
    /// The volume's name.
    pub name: String,
    /// The path in the container.
    pub mount_path: String,
    /// The part of the volume that is mounted; empty for all.
    pub sub_path: String,
}

impl Container {
    /// The variable with this name; of several, the last one counts.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.env.iter().rev().find(|variable| variable.name == name)
    }

    /// The value of a variable, if it is kept.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variable(name)?.value.as_deref()
    }

    /// Returns whether it is a sidecar that starts before the pod's other containers.
    pub fn is_native_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }

    /// Returns whether it runs `irsa`, by the name of its image or its command.
    pub fn is_irsa(&self) -> bool {
        let image = self.image.split('@').next().unwrap_or_default();
        let image = image.rsplit('/').next().unwrap_or_default();
        let program = self.program.as_deref().unwrap_or_default();
        let is_irsa = |name: &str| name == "irsa";
        image.split(':').next().is_some_and(is_irsa)
            || program.rsplit('/').next().is_some_and(is_irsa)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyVariable {
    name: String,
    value: Option<String>,
    value_from: Option<IgnoredAny>,
}

impl From<AnyVariable> for Variable {
    fn from(any: AnyVariable) -> Self {
        let is_kept = KEPT.contains(&any.name.as_str());
        Self {
            name: any.name,
            value: any.value.filter(|_| is_kept),
            is_from_elsewhere: any.value_from.is_some(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnySource {
    #[serde(default)]
    prefix: String,
    secret_ref: Option<Reference>,
    config_map_ref: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    name: String,
}

impl From<AnySource> for EnvSource {
    fn from(any: AnySource) -> Self {
        let secret = any.secret_ref.map(|one| format!("secret/{}", one.name));
        let map = any
            .config_map_ref
            .map(|one| format!("configmap/{}", one.name));
        Self {
            object: secret.or(map).unwrap_or_default(),
            prefix: any.prefix,
        }
    }
}

fn first_word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let words: Option<Vec<String>> = Deserialize::deserialize(deserializer)?;
    Ok(words.unwrap_or_default().into_iter().next())
}

fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let any: Option<IgnoredAny> = Deserialize::deserialize(deserializer)?;
    Ok(any.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(json: &str) -> Container {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn keeps_no_value_that_may_be_secret() {
        let container = container(
            r#"{"name": "app", "command": ["/app", "--password=hunter2"], "args": ["hunter2"],
                "env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "hunter2"},
                        {"name": "DB_PASSWORD", "value": "hunter2"},
                        {"name": "AWS_REGION", "value": "eu-west-1"}]}"#,
        );
        assert_eq!(container.value("AWS_REGION"), Some("eu-west-1"));
        assert!(container.variable("AWS_SECRET_ACCESS_KEY").is_some());
        assert_eq!(container.program.as_deref(), Some("/app"));
        let values = container
            .env
            .iter()
            .filter_map(|variable| variable.value.as_deref());
        assert_eq!(values.collect::<Vec<_>>(), ["eu-west-1"]);
        assert!(!format!("{container:?}").contains("hunter2"));
    }

    #[test]
    fn is_irsa_by_image_or_by_command() {
        for (json, is_irsa) in [
            (r#"{"image": "ghcr.io/you/irsa:1.0"}"#, true),
            (r#"{"image": "r:5000/irsa@sha256:00"}"#, true),
            (
                r#"{"image": "all", "command": ["/usr/bin/irsa", "proxy"]}"#,
                true,
            ),
            (r#"{"image": "irsa/app:1"}"#, false),
            (r#"{"image": "irsa-test"}"#, false),
        ] {
            assert_eq!(container(json).is_irsa(), is_irsa, "{json}");
        }
    }
}
