//! The configuration file, in TOML or YAML. Its keys are the names of the flags.

use std::path::{Path, PathBuf};

use irsa_cli::suggest;
use serde_json::{Map, Value};

use super::shown;

/// The contents of a configuration file, before its keys are validated.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    settings: Map<String, Value>,
}

// === impl ConfigFile ===

impl ConfigFile {
    /// Reads a file whose format is given by its extension.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let failed = |problem: &dyn std::fmt::Display| {
            format!(
                "cannot read the configuration file `{}`: {problem}",
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

    /// Returns the message about a key that is not one of `known`.
    pub(crate) fn unknown<'a>(&self, key: &str, known: impl Iterator<Item = &'a String>) -> String {
        let meant = key.replace('_', "-").to_ascii_lowercase();
        let advice = match suggest::nearest(&meant, known.map(String::as_str)) {
            Some(known) => format!("; did you mean `{known}`?"),
            None => {
                "; keys are the flags of `irsa proxy --help` without the leading dashes".to_owned()
            }
        };
        format!(
            "`{}` contains the unknown key `{key}`{advice}",
            shown(&self.path)
        )
    }

    /// Returns a string or number as the text that would be typed on the command line.
    pub(crate) fn text(&self, key: &str, value: &Value) -> Result<String, String> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.wrong(key, "a string or a number")),
        }
    }

    /// Returns a list of strings, or a single string with spaces between several values.
    pub(crate) fn texts(&self, key: &str, value: &Value) -> Result<Vec<String>, String> {
        let list = |values: &Vec<Value>| {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        };
        match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(values) => list(values),
            _ => None,
        }
        .ok_or_else(|| self.wrong(key, "a string or a list of strings"))
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

/// Parses YAML. A file with nothing but comments is empty. In YAML 1.2, `off` is a string, and it is a value of several
/// settings.
fn yaml(text: &str) -> Result<Map<String, Value>, serde_saphyr::Error> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let settings: Option<Map<String, Value>> = serde_saphyr::from_str_with_options(text, options)?;
    Ok(settings.unwrap_or_default())
}
