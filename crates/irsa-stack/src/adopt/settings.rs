//! The settings of a container: its variables, and the properties in files that it mounts.

use std::collections::BTreeMap;

use irsa_chain::untrusted::printable;

use super::facts::{ClusterFacts, Container, Object, Value};
use super::properties::properties;
use super::variables::{is_needed, is_password};

/// Maximum length of an expanded value in bytes, before its last part. Variables can name one another, so that a small
/// object would expand to terabytes.
const MAX_EXPANDED: usize = 8 * 1024;

/// The settings of a container by the names of variables. A variable wins over a property of the same name.
#[derive(Debug, Default)]
pub(super) struct Settings {
    found: BTreeMap<String, Setting>,
}

/// A setting.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) value: Known,
    /// Where it is: `the variable KC_DB_URL of deployment/keycloak`.
    pub(super) origin: String,
}

/// A value, or why it is unknown.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Known {
    Text(String),
    /// What has it: `key host of Secret db`.
    Elsewhere(String),
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Setting").field(&self.origin).finish()
    }
}

// === impl Settings ===

impl Settings {
    pub(super) fn new(facts: &ClusterFacts, object: &Object, container: &Container) -> Self {
        let mut settings = Self::default();
        settings.add_files(facts, object, container);
        settings.add_sources(facts, object, container);
        settings.add_variables(facts, object, container);
        settings
    }

    /// The setting with this name. An empty one counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<&Setting> {
        let setting = self.found.get(name)?;
        (setting.value != Known::Text(String::new())).then_some(setting)
    }

    /// The text of a setting, if it is known.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.value {
            Known::Text(text) => Some(text),
            Known::Elsewhere(_) => None,
        }
    }

    fn add(&mut self, name: &str, value: Known, origin: String) {
        if is_needed(name) || is_password(name) {
            self.found
                .insert(name.to_owned(), Setting { value, origin });
        }
    }

    fn add_files(&mut self, facts: &ClusterFacts, object: &Object, container: &Container) {
        let volumes = container.volumes.iter();
        let maps = volumes
            .filter_map(|volume| object.config_volumes.get(volume))
            .flatten();
        for name in maps {
            for (file, text) in facts.config_maps.get(name).into_iter().flatten() {
                for property in properties(file, text) {
                    let value = placeholders(&property.value, container);
                    let origin = format!(
                        "the property {} in ConfigMap {}",
                        printable(&property.name),
                        printable(name)
                    );
                    self.add(&property.variable(), value, origin);
                }
            }
        }
    }

    fn add_sources(&mut self, facts: &ClusterFacts, object: &Object, container: &Container) {
        for (source, prefix) in &container.sources {
            let Some(name) = source.strip_prefix("configmap/") else {
                continue;
            };
            for (key, text) in facts.config_maps.get(name).into_iter().flatten() {
                let variable = format!("{prefix}{key}");
                let origin = format!(
                    "the variable {} of {}",
                    printable(&variable),
                    printable(&object.reference)
                );
                self.add(&variable, Known::Text(text.clone()), origin);
            }
        }
    }

    fn add_variables(&mut self, facts: &ClusterFacts, object: &Object, container: &Container) {
        let mut before: BTreeMap<&str, Known> = BTreeMap::new();
        for (name, value) in &container.variables {
            let value = match value {
                Value::Text(text) => expanded(text, &before),
                Value::ConfigMap(map, key) => match facts.config_maps.get(map) {
                    Some(texts) => Known::Text(texts.get(key).cloned().unwrap_or_default()),
                    None => Known::Elsewhere(format!(
                        "key {} of ConfigMap {}",
                        printable(key),
                        printable(map)
                    )),
                },
                Value::Secret(secret, key) => Known::Elsewhere(format!(
                    "key {} of Secret {}",
                    printable(key),
                    printable(secret)
                )),
                Value::Unread if is_password(name) => {
                    Known::Elsewhere("the object itself".to_owned())
                }
                Value::Unread => continue,
            };
            before.insert(name, value.clone());
            let origin = format!(
                "the variable {} of {}",
                printable(name),
                printable(&object.reference)
            );
            self.add(name, value, origin);
        }
    }
}

/// Replaces `$(NAME)` as the kubelet does: only by variables that were defined before ("Define Dependent Environment
/// Variables" in the Kubernetes documentation).
fn expanded(text: &str, before: &BTreeMap<&str, Known>) -> Known {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((start, after)) = rest.split_once("$(") {
        whole.push_str(start);
        let Some((name, after)) = after.split_once(')') else {
            whole.push_str("$(");
            rest = after;
            continue;
        };
        match before.get(name) {
            Some(Known::Text(value)) => whole.push_str(value),
            Some(elsewhere) => return elsewhere.clone(),
            None => {
                whole.push_str("$(");
                whole.push_str(name);
                whole.push(')');
            }
        }
        rest = after;
        if whole.len() > MAX_EXPANDED {
            return Known::Elsewhere("a value that is too long".to_owned());
        }
    }
    whole.push_str(rest);
    Known::Text(whole)
}

/// Replaces `${NAME}` and `${NAME:default}` by variables of the container, as Spring does.
fn placeholders(text: &str, container: &Container) -> Known {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((start, after)) = rest.split_once("${") {
        whole.push_str(start);
        let Some((inner, after)) = after.split_once('}') else {
            return Known::Elsewhere("a placeholder of Spring".to_owned());
        };
        let (name, default) = inner
            .split_once(':')
            .map_or((inner, None), |(name, default)| (name, Some(default)));
        let mut variables = container.variables.iter().rev();
        match (variables.find(|(one, _)| one == name), default) {
            (Some((_, Value::Text(value))), _) => whole.push_str(value),
            (None, Some(default)) => whole.push_str(default),
            _ => return Known::Elsewhere(format!("variable {}", printable(name))),
        }
        rest = after;
        if whole.len() > MAX_EXPANDED {
            return Known::Elsewhere("a value that is too long".to_owned());
        }
    }
    whole.push_str(rest);
    Known::Text(whole)
}
