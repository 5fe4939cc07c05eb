//! The files that make up a specification, merged.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::mistake::{Mistake, Mistakes, Place, Source};
use crate::outputs::Outputs;
use crate::resolve;
use crate::shape::{self, SPECIFICATION};
use crate::specification::Specification;
use crate::stack::Stack;
use crate::tree::{self, Node, Value};
use crate::yaml;

/// The newest version of the file format.
const VERSION: i64 = 1;

/// A specification, read from one or more files. Later files are laid over earlier ones: maps merge, everything else
/// replaces, and `null` removes.
#[derive(Debug)]
pub struct Document {
    sources: Vec<Source>,
    /// The ends of the lines of each file.
    lines: Vec<Vec<usize>>,
    root: Node,
}

// === impl Document ===

impl Document {
    /// Reads and merges files, and checks that all keys and values are known.
    ///
    /// # Errors
    /// Every mistake, with its place.
    pub fn read(sources: Vec<Source>) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let mut trees = Vec::new();
        for (file, source) in sources.iter().enumerate() {
            match tree::parse(file, &source.text).and_then(|tree| supported(file, tree)) {
                Ok(tree) => trees.push(tree),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !mistakes.is_empty() {
            return Err(Mistakes::new(&sources, mistakes));
        }
        let mut trees = trees.into_iter();
        let Some(mut root) = trees.next() else {
            let mistake = Mistake::new(Place::start(0), "no file was given");
            return Err(Mistakes::new(&sources, vec![mistake]));
        };
        trees.for_each(|overlay| root.merge(overlay));
        nulls(&root, &mut mistakes);
        let root = root.without_nulls();
        shape::check(&root, &SPECIFICATION, &mut mistakes);
        if mistakes.is_empty() {
            let ends = |source: &Source| {
                let lines = source.text.match_indices('\n');
                lines.map(|(end, _)| end).collect()
            };
            let lines = sources.iter().map(ends).collect();
            Ok(Self {
                sources,
                lines,
                root,
            })
        } else {
            Err(Mistakes::new(&sources, mistakes))
        }
    }

    /// The merged file, with the file and line of every value as a comment.
    pub fn show(&self) -> String {
        let mut text = String::new();
        self.show_entries(&mut text, &self.root, 0);
        text
    }

    /// The merged file with places as JSON: each value is `{"value", "file", "line"}`.
    pub fn show_json(&self) -> serde_json::Value {
        self.with_places(&self.root)
    }

    /// Resolves defaults and references, with the values of the outputs file where one is given.
    ///
    /// # Errors
    /// Every mistake, with its place.
    pub fn stack(&self, outputs: Option<&Outputs>) -> Result<Stack, Mistakes> {
        let file = self.specification()?;
        resolve::stack(&file, outputs, &self.root, self.digest(outputs)).map_err(|mistakes| {
            // Mistakes in the outputs file have the number after the last specification file.
            let outputs = outputs.map(Outputs::source).into_iter().cloned();
            let sources: Vec<_> = self.sources.iter().cloned().chain(outputs).collect();
            Mistakes::new(&sources, mistakes)
        })
    }

    /// The place of the value at `path`, or of its nearest parent that exists, as `FILE:LINE`.
    pub fn line_of(&self, path: &[&str]) -> String {
        self.at(&self.root.place_of(path))
    }

    /// The number that mistakes in the outputs file have.
    pub fn file_count(&self) -> usize {
        self.sources.len()
    }

    /// The names of the files, for headers.
    pub fn names(&self) -> Vec<&str> {
        self.sources.iter().map(|one| one.name.as_str()).collect()
    }

    fn specification(&self) -> Result<Specification, Mistakes> {
        serde_json::from_value(self.root.to_json()).map_err(|error| {
            let mistake = Mistake::new(Place::start(0), error.to_string());
            Mistakes::new(&self.sources, vec![mistake])
        })
    }

    /// The SHA-256 of the merged file and the outputs.
    fn digest(&self, outputs: Option<&Outputs>) -> String {
        let mut hash = Sha256::new();
        hash.update(self.root.to_json().to_string());
        hash.update(outputs.map(Outputs::canonical).unwrap_or_default());
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    fn show_entries(&self, text: &mut String, node: &Node, depth: usize) {
        let indent = "  ".repeat(depth);
        for entry in node.entries() {
            let key = yaml::scalar(&entry.key);
            if entry.node.entries().is_empty() {
                let value = yaml::flow(&entry.node.to_json());
                let at = self.at(&entry.node.place);
                let _ = writeln!(text, "{indent}{key}: {value}  # {at}");
            } else {
                let _ = writeln!(text, "{indent}{key}:");
                self.show_entries(text, &entry.node, depth + 1);
            }
        }
    }

    fn with_places(&self, node: &Node) -> serde_json::Value {
        if let Value::Map(entries) = &node.value {
            let entries = entries.iter();
            let pair = |entry: &tree::Entry| (entry.key.clone(), self.with_places(&entry.node));
            return serde_json::Value::Object(entries.map(pair).collect());
        }
        let (name, line) = self.line(&node.place);
        serde_json::json!({"value": node.to_json(), "file": name, "line": line})
    }

    fn at(&self, place: &Place) -> String {
        let (name, line) = self.line(place);
        format!("{}:{line}", irsa_chain::untrusted::printable(name))
    }

    fn line(&self, place: &Place) -> (&str, usize) {
        let source = self.sources.get(place.file);
        let name = source.map_or("", |source| source.name.as_str());
        let ends = self.lines.get(place.file).map_or(&[][..], Vec::as_slice);
        (
            name,
            ends.partition_point(|end| *end < place.bytes.start) + 1,
        )
    }
}

/// Refuses keys without a value, which would be left out: `null` is for keys of earlier files.
fn nulls(node: &Node, mistakes: &mut Vec<Mistake>) {
    for entry in node.entries() {
        if entry.node.value == Value::Null {
            let message = "the key has no value; this removes the key that an earlier file set, but no earlier file \
                           sets it";
            let mistake = Mistake::new(entry.key_place.clone(), message);
            let help = "write `{}` for an empty map, or remove the key";
            mistakes.push(mistake.with_help(help));
        }
        nulls(&entry.node, mistakes);
    }
}

/// Refuses versions of the format that are unknown, before anything else in them confuses.
fn supported(file: usize, mut tree: Node) -> Result<Node, Mistake> {
    // An overlay may have comments alone.
    if file > 0 && tree.value == Value::Null {
        tree.value = Value::Map(Vec::new());
    }
    if !matches!(tree.value, Value::Map(_)) {
        let message = "the file must be a map that begins with `version: 1`";
        return Err(Mistake::new(Place::start(file), message));
    }
    let Some(entry) = tree.child("version") else {
        return Ok(tree);
    };
    match entry.node.value {
        Value::Integer(version) if version > VERSION => {
            let message =
                format!("version {version} is not supported: this irsa supports version {VERSION}");
            let mistake = Mistake::new(entry.node.place.clone(), message);
            Err(mistake.with_help("use a newer irsa"))
        }
        _ => Ok(tree),
    }
}
