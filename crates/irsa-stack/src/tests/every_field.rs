//! Any text in any field is refused with its place, or is one value in what is rendered: nothing around it changes.
//!
//! Each file is parsed back by a parser of its format, and compared with that of an ordinary text by its structure.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value};

use super::names::HOSTILE;
use super::{mistakes, stack};
use crate::yaml::flow;
use crate::{Target, render, tree};

/// A file with every key of the format.
const ALL_KEYS: &str = include_str!("../../tests/corpus/v1/all-keys.yaml");
const TARGETS: [Target; 5] = [
    Target::Sql,
    Target::OpenSearch,
    Target::Kubernetes,
    Target::SetupJob(None),
    Target::Lab,
];

/// The file as a value, the texts in it, and the structure of what is rendered from it.
struct Ordinary {
    file: Value,
    texts: Vec<String>,
    structures: Vec<Vec<String>>,
    first_cluster: String,
}

static ORDINARY: LazyLock<Ordinary> = LazyLock::new(|| {
    let file = tree::parse(0, ALL_KEYS).unwrap().to_json();
    let mut texts = Vec::new();
    collect(&file, &mut texts);
    texts.sort();
    texts.dedup();
    let structure = |target| structure(&flow(&file), target).unwrap();
    let structures = TARGETS.map(structure).to_vec();
    let first_cluster = first_cluster(&flow(&file));
    Ordinary {
        file,
        texts,
        structures,
        first_cluster,
    }
});

proptest! {
    #[test]
    fn a_hostile_text_is_refused_or_changes_nothing_around_it(
        field in any::<Index>(),
        hostile in prop_oneof![select(&HOSTILE[..]).prop_map(str::to_owned), "\\PC{1,12}", any::<String>()],
    ) {
        let ordinary = &*ORDINARY;
        let field: &String = field.get(&ordinary.texts);
        let text = flow(&replaced(&ordinary.file, field, &hostile));
        let found = mistakes(&text);
        for mistake in &found {
            prop_assert!(mistake.starts_with("irsa.yaml:1:"), "{mistake}");
        }
        if found.is_empty() {
            let first = first_cluster(&text);
            let is_reordered = first != replaced_text(&ordinary.first_cluster, field, &hostile);
            for (target, expected) in TARGETS.iter().zip(&ordinary.structures) {
                // The lab has one cluster: the first.
                if *target == Target::Lab && is_reordered {
                    continue;
                }
                // A renderer may refuse what the file may have.
                if let Ok(found) = structure(&text, *target) {
                    let other = found.iter().zip(expected).find(|(found, expected)| found != expected);
                    prop_assert_eq!(other, None, "{}: {} as {:?}", target.name(), field, hostile);
                    prop_assert_eq!(found.len(), expected.len());
                }
            }
        }
    }
}

/// Texts that are values or keys.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(entries) => {
            for (key, value) in entries {
                texts.push(key.clone());
                collect(value, texts);
            }
        }
        _ => {}
    }
}

/// The file with another text in place of one, wherever that is a key or a value: references still fit.
fn replaced(value: &Value, from: &str, to: &str) -> Value {
    let other = |text: &str| replaced_text(text, from, to).to_owned();
    match value {
        Value::String(text) => other(text).into(),
        Value::Array(items) => items.iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| (other(key), replaced(value, from, to)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn replaced_text<'t>(text: &'t str, from: &str, to: &'t str) -> &'t str {
    if text == from { to } else { text }
}

fn first_cluster(text: &str) -> String {
    stack(text).clusters[0].name.clone()
}

/// The structure of all files of a target, sorted, since names decide about the order.
fn structure(text: &str, target: Target) -> Result<Vec<String>, String> {
    let files = render(&stack(text), target, &["irsa.yaml"])?;
    let texts = files.iter().map(|file| file.text.as_str());
    let mut parts: Vec<String> = match target {
        Target::Sql => texts
            .flat_map(|text| lines(&without_sql_texts(text)))
            .collect(),
        Target::OpenSearch => texts.flat_map(script).collect(),
        _ => {
            let documents = texts.flat_map(|text| text.split("\n---\n"));
            documents
                .map(|document| shape(&serde_saphyr::from_str(document).unwrap()))
                .collect()
        }
    };
    parts.sort();
    Ok(parts)
}

/// The types of a value and of everything in it; JSON in texts is parsed, too.
fn shape(value: &Value) -> String {
    let sorted = |mut parts: Vec<String>| {
        parts.sort();
        parts.join(",")
    };
    match value {
        // Only policies have several lines.
        Value::String(text) if text.starts_with("{\n") => {
            let inner: Value = serde_json::from_str(text).unwrap();
            format!("json {}", shape(&inner))
        }
        Value::String(_) => "text".to_owned(),
        Value::Array(items) => format!("[{}]", sorted(items.iter().map(shape).collect())),
        Value::Object(entries) => format!("{{{}}}", sorted(entries.values().map(shape).collect())),
        other => other.to_string(),
    }
}

/// A script with its JSON parsed, and without names.
fn script(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut blocks = text.split(" <<'JSON'\n");
    let first = blocks.next().unwrap_or_default();
    parts.extend(lines(&without_words(first)));
    for block in blocks {
        let (json, rest) = block.split_once("\nJSON\n").unwrap();
        parts.push(shape(&serde_json::from_str(json).unwrap()));
        parts.extend(lines(&without_words(rest)));
    }
    parts
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// SQL with `"` for each quoted identifier, `'` for each text and `--` for each comment.
fn without_sql_texts(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        masked.push(char);
        match char {
            '\'' | '"' => {
                while let Some(next) = rest.next() {
                    // A doubled quote is part of the text.
                    if next == char && rest.next_if_eq(&char).is_none() {
                        break;
                    }
                }
            }
            '-' if rest.next_if_eq(&'-').is_some() => {
                while rest.next_if(|next| *next != '\n').is_some() {}
            }
            _ => {}
        }
    }
    // Without this option, psql takes a name like `dbname=x` for a connection string.
    let masked = masked.replace("\\connect -reuse-previous=on ", "\\connect ");
    // A text with a backslash has the form that says so.
    masked.replace(" E'", " '").replace("(E'", "('")
}

/// A shell script with `w` for each word, quoted or plain, and `#` for each comment.
fn without_words(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        let is_word = |char: &char| char.is_ascii_alphanumeric() || "_.-*+=,@:/".contains(*char);
        match char {
            '\'' => {
                while rest.next_if(|next| *next != '\'').is_some() {}
                rest.next();
                masked.push('w');
            }
            '#' => {
                while rest.next_if(|next| *next != '\n').is_some() {}
                masked.push('#');
            }
            char if is_word(&char) => {
                while rest.next_if(is_word).is_some() {}
                masked.push('w');
            }
            other => masked.push(other),
        }
    }
    masked
}
