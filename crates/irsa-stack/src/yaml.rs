//! A writer of YAML that no reader, of YAML 1.1 or 1.2, takes for something else: every text that is not plainly one is
//! in double quotes.

mod serialized;

use std::fmt::Write as _;

use irsa_chain::untrusted::escape_json;
use serde_json::Value;

/// Words that YAML 1.1 or 1.2 read as booleans or null, in any case.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// A YAML document with the order of its keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Flag(bool),
    Integer(u64),
    Text(String),
    /// Text of several lines.
    Block(String),
    /// `null`, or a number that is not in [0, 2^64).
    Other(Value),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

// === impl Yaml ===

impl Yaml {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entries = entries.into_iter();
        Self::Map(entries.map(|(key, value)| (key.into(), value)).collect())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// The text at the key `name` of a map: the name of a Kubernetes object.
    pub(crate) fn name(&self) -> Option<&str> {
        let Self::Map(entries) = self else {
            return None;
        };
        match entries.iter().find(|(key, _)| key == "name") {
            Some((_, Self::Text(name))) => Some(name),
            _ => None,
        }
    }

    /// The document, with a line end after each line.
    pub(crate) fn write(&self) -> String {
        let mut text = String::new();
        self.write_at(&mut text, 0);
        text
    }

    fn write_at(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    let _ = write!(text, "{indent}{}:", scalar(key));
                    value.write_value(text, depth + 1);
                }
            }
            Self::List(items) if !items.is_empty() => {
                for item in items {
                    let mut written = String::new();
                    item.write_at(&mut written, depth + 1);
                    let _ = writeln!(text, "{indent}- {}", written.trim());
                }
            }
            _ => {
                let _ = writeln!(text, "{indent}{}", self.inline(depth));
            }
        }
    }

    fn write_value(&self, text: &mut String, depth: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                self.write_at(text, depth);
            }
            Self::List(items) if !items.is_empty() => {
                text.push('\n');
                self.write_at(text, depth);
            }
            _ => {
                let _ = writeln!(text, " {}", self.inline(depth));
            }
        }
    }

    fn inline(&self, depth: usize) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(integer) => integer.to_string(),
            Self::Text(text) => scalar(text),
            Self::Block(text) => block(text, depth),
            Self::Other(value) => flow(value),
            Self::List(_) => "[]".to_owned(),
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

impl From<&Value> for Yaml {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bool(flag) => Self::Flag(*flag),
            Value::String(text) if text.contains('\n') => Self::Block(text.clone()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(entries) => {
                Self::map(entries.iter().map(|(key, value)| (key, Self::from(value))))
            }
            Value::Null | Value::Number(_) => Self::Other(value.clone()),
        }
    }
}

/// A text as a key or value.
pub(crate) fn scalar(text: &str) -> String {
    let is_word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "_./-".contains(char);
    if starts_well && !is_word && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A value on one line.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    escape_json(&Value::from(text).to_string())
}

/// A literal block, unless the text has something that one can't hold.
fn block(text: &str, depth: usize) -> String {
    let is_plain = |char: char| char == '\n' || !irsa_chain::untrusted::is_deceptive(char);
    if text.trim_end().len() + 1 != text.len()
        || !text.ends_with('\n')
        || text.starts_with([' ', '\n'])
        || !text.chars().all(is_plain)
    {
        return quoted(text);
    }
    let indent = "  ".repeat(depth.max(1));
    let lines = text.trim_end().lines().map(|line| match line {
        "" => String::new(),
        line => format!("{indent}{line}"),
    });
    let lines: Vec<_> = lines.collect();
    format!("|\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn quotes_what_a_reader_could_take_for_something_else() {
        for text in [
            "yes", "NO", "on", "null", "~", "1.10", "0x1", "1e3", "", "- a", "a: b", "a #b", "*x",
            "&x", "!t",
        ] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
        for text in ["camunda", "arn-1/x.y", "Deployment"] {
            assert_eq!(scalar(text), text);
        }
    }

    #[test]
    fn nests_lists_and_maps() {
        let yaml = Yaml::map([
            (
                "a",
                Yaml::List(vec![Yaml::map([
                    ("b", Yaml::Integer(1)),
                    ("c", Yaml::texts(["x"])),
                ])]),
            ),
            ("d", Yaml::Block("{\n  \"e\": 1\n}\n".to_owned())),
            ("f", Yaml::List(Vec::new())),
        ]);
        let expected = json!({"a": [{"b": 1, "c": ["x"]}], "d": "{\n  \"e\": 1\n}\n", "f": []});
        assert_eq!(read(&yaml.write()), expected);
    }

    proptest! {
        #[test]
        fn every_text_comes_back(key in any::<String>(), text in any::<String>()) {
            let yaml = Yaml::map([(key.clone(), Yaml::texts([text.clone()])), ("-".to_owned() + &key, Yaml::text(&text))]);
            let mut expected = serde_json::Map::new();
            expected.insert(key.clone(), json!([text]));
            expected.insert("-".to_owned() + &key, json!(text));
            prop_assert_eq!(read(&yaml.write()), Value::Object(expected));
        }
    }
}
