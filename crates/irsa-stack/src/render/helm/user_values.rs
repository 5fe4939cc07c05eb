//! The user's own values files, which are read and never written.

use std::fmt::Write as _;

use irsa_chain::untrusted::quoted;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::mistake::Source;

/// The user's own values files, in the order in which Helm gets them: later ones replace lists of earlier ones.
#[derive(Debug, Default)]
pub struct UserValues {
    files: Vec<(Source, Value)>,
}

impl UserValues {
    /// Reads the files.
    ///
    /// # Errors
    /// The first file that is not YAML, or not a map, with its name.
    pub fn read(sources: Vec<Source>) -> Result<Self, String> {
        let files = sources.into_iter().map(parse);
        Ok(Self {
            files: files.collect::<Result<_, _>>()?,
        })
    }

    /// The names of the files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(source, _)| source.name.as_str())
    }

    /// A digest of `digest` and of all files, in hexadecimal.
    pub(crate) fn digest(&self, digest: &str) -> String {
        if self.files.is_empty() {
            return digest.to_owned();
        }
        let mut hash = Sha256::new();
        hash.update(digest);
        for (source, _) in &self.files {
            hash.update(Sha256::digest(&source.text));
        }
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The value at a path in the last file that has it, with the name of the file.
    pub(super) fn at(&self, path: &str) -> Option<(&str, &Value)> {
        let mut files = self.files.iter().rev();
        files.find_map(|(source, value)| Some((source.name.as_str(), lookup(value, path)?)))
    }
}

fn lookup<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// Helm reads YAML 1.1, in which `0644` is octal.
fn parse(source: Source) -> Result<(Source, Value), String> {
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    let value: Result<Value, _> = serde_saphyr::from_str_with_options(&source.text, options);
    match value {
        Ok(value @ (Value::Object(_) | Value::Null)) => Ok((source, value)),
        Ok(_) => Err(format!("{}: values must be a map", quoted(&source.name))),
        Err(error) => {
            let problem = error.without_snippet().to_string();
            let problem = irsa_chain::untrusted::printable(&problem).to_string();
            Err(format!(
                "{}: not valid YAML: {problem}",
                quoted(&source.name)
            ))
        }
    }
}
