//! The user's own values files, which are read and never written.

use std::fmt::Write as _;

use irsa_chain::untrusted::quoted;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::mistake::{Place, Source};
use crate::tree::{self, Node, Value as NodeValue};

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

    /// The texts of the files.
    pub(super) fn sources(&self) -> Vec<Source> {
        self.files
            .iter()
            .map(|(source, _)| source.clone())
            .collect()
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

    /// Returns whether the value that [`Self::at`] finds is neither empty nor `null`.
    pub(super) fn sets(&self, path: &str) -> bool {
        match self.at(path) {
            None | Some((_, Value::Null)) => false,
            Some((_, Value::String(text))) => !text.is_empty(),
            Some((_, Value::Array(items))) => !items.is_empty(),
            Some((_, Value::Object(entries))) => !entries.is_empty(),
            Some(_) => true,
        }
    }

    /// The value that [`Self::at`] finds, with its places, unless it is empty. If the file has keys that are not texts,
    /// places are the beginning of the file.
    pub(super) fn located(&self, path: &str) -> Option<Node> {
        if !self.sets(path) {
            return None;
        }
        let mut files = self.files.iter().enumerate().rev();
        let found = files.find_map(|(number, (source, value))| {
            let value = lookup(value, path)?;
            Some((number, source, value))
        });
        let (number, source, value) = found?;
        let root = tree::parse(number, &source.text).ok();
        let node = root.and_then(|root| descend(root, path));
        Some(node.unwrap_or_else(|| Node::from_json(value, &Place::start(number))))
    }
}

fn descend(root: Node, path: &str) -> Option<Node> {
    path.split('.').try_fold(root, |node, key| {
        let NodeValue::Map(entries) = node.value else {
            return None;
        };
        let mut entries = entries.into_iter();
        entries
            .find(|entry| entry.key == key)
            .map(|entry| entry.node)
    })
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
