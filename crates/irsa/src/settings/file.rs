//! The settings file: the same names as the flags, as TOML or YAML.

use std::path::{Path, PathBuf};

use irsa_cli::suggest;
use serde_json::{Map, Value};

use super::shown;

/// What a settings file holds, not yet compared with what it may hold.
#[derive(Debug, Default)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    settings: Map<String, Value>,
}

// === impl SettingsFile ===

impl SettingsFile {
    /// Reads `path` by its ending.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let failed = |problem: &dyn std::fmt::Display| {
            format!(
                "the settings file `{}` can't be read: {problem}",
                shown(path)
            )
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        let settings = match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => toml::from_str(&text).map_err(|error| failed(&error))?,
            Some("yaml" | "yml") => yaml(&text).map_err(|error| failed(&error))?,
            _ => return Err(failed(&"its name must end in .toml, .yaml or .yml")),
        };
        Ok(Self {
            path: path.to_owned(),
            settings,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }

    /// The sentence about a key that is none of `known`.
    pub(crate) fn unknown<'a>(&self, key: &str, known: impl Iterator<Item = &'a String>) -> String {
        let meant = key.replace('_', "-").to_ascii_lowercase();
        let advice = match suggest::nearest(&meant, known.map(String::as_str)) {
            Some(known) => format!("; did you mean `{known}`?"),
            None => "; settings have the names of the flags in `irsa proxy --help`".to_owned(),
        };
        format!(
            "`{}` has an unknown setting `{key}`{advice}",
            shown(&self.path)
        )
    }

    /// A value as it would be typed.
    pub(crate) fn text(&self, key: &str, value: &Value) -> Result<String, String> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.wrong(key, "a text or a number")),
        }
    }

    /// One text, with spaces between several, or a list of texts.
    pub(crate) fn texts(&self, key: &str, value: &Value) -> Result<Vec<String>, String> {
        let of_list = |values: &Vec<Value>| {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        };
        match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(values) => of_list(values),
            _ => None,
        }
        .ok_or_else(|| self.wrong(key, "a list of texts"))
    }

    pub(crate) fn switch(&self, key: &str, value: &Value) -> Result<String, String> {
        let value = value
            .as_bool()
            .ok_or_else(|| self.wrong(key, "true or false"))?;
        Ok(value.to_string())
    }

    fn wrong(&self, key: &str, expected: &str) -> String {
        format!("`{key}` in `{}` must be {expected}", shown(&self.path))
    }
}

/// A file with nothing in it but comments sets nothing. `off` is a word, as YAML 1.2 has it, and a value of several
/// settings.
fn yaml(text: &str) -> Result<Map<String, Value>, serde_saphyr::Error> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let settings: Option<Map<String, Value>> = serde_saphyr::from_str_with_options(text, options)?;
    Ok(settings.unwrap_or_default())
}
