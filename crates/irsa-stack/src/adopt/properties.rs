//! Files of properties, as Spring Boot reads them.

use serde_json::Value;

/// The depth of nesting above which values are left out. It bounds the size of names; Camunda's properties have seven.
const MAX_DEPTH: usize = 16;

/// A property of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    /// Its name: `camunda.operate.opensearch.url`.
    pub(super) name: String,
    pub(super) value: String,
}

// === impl Property ===

impl Property {
    /// The name of its variable, such as `CAMUNDA_OPERATE_OPENSEARCH_URL` ("Binding From Environment Variables" in the
    /// Spring Boot documentation).
    pub(super) fn variable(&self) -> String {
        let chars = self.name.chars().filter(|char| !"-]".contains(*char));
        let letter = |char: char| match char {
            '.' | '[' => '_',
            char => char.to_ascii_uppercase(),
        };
        chars.map(letter).collect()
    }
}

/// The properties of a file. A file in another format has no properties.
pub(super) fn properties(file: &str, text: &str) -> Vec<Property> {
    let mut found = Vec::new();
    match file.rsplit_once('.') {
        Some((_, "properties")) => {
            for line in text.lines().map(str::trim) {
                let is_comment = line.starts_with(['#', '!']);
                if let Some((name, value)) = line.split_once('=').filter(|_| !is_comment) {
                    let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
                    found.push(Property { name, value });
                }
            }
        }
        Some((_, "yaml" | "yml")) => {
            let root: Value = serde_saphyr::from_str(text).unwrap_or_default();
            flatten(&root, &mut Vec::new(), &mut found);
        }
        _ => {}
    }
    found
}

fn flatten(value: &Value, path: &mut Vec<String>, found: &mut Vec<Property>) {
    if path.len() > MAX_DEPTH {
        return;
    }
    let mut below = |key: String, value: &Value| {
        path.push(key);
        flatten(value, path, found);
        path.pop();
    };
    let value = match value {
        Value::Object(entries) => {
            entries
                .iter()
                .for_each(|(key, value)| below(key.clone(), value));
            return;
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(number, item)| below(number.to_string(), item));
            return;
        }
        Value::Null => return,
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
    };
    found.push(Property {
        name: path.join("."),
        value,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_have_the_names_of_their_variables() {
        let text = "camunda.operate:\n  opensearch: {url: \"http://x\"}\n  zeebe-opensearch:\n    port: 9200\n\
                    opensearch: {connection: {nodes: [{host: a}, {host: b}]}}\nempty:\n";
        let found = properties("application.yaml", text);
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.variable(), one.value.as_str()))
            .collect();
        let expected = [
            ("CAMUNDA_OPERATE_OPENSEARCH_URL", "http://x"),
            ("CAMUNDA_OPERATE_ZEEBEOPENSEARCH_PORT", "9200"),
            ("OPENSEARCH_CONNECTION_NODES_0_HOST", "a"),
            ("OPENSEARCH_CONNECTION_NODES_1_HOST", "b"),
        ];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.to_owned(), value))
        );
        let text = "# c=d\nspring.datasource.url = jdbc:x\nnodes[0].host=a\n";
        let found = properties("a.properties", text);
        assert_eq!(found[0].name, "spring.datasource.url");
        assert_eq!(
            (found[0].variable().as_str(), found[0].value.as_str()),
            ("SPRING_DATASOURCE_URL", "jdbc:x")
        );
        assert_eq!(found[1].variable(), "NODES_0_HOST");
    }

    #[test]
    fn what_is_not_a_file_of_properties_has_none() {
        for (file, text) in [
            ("a.yaml", "{"),
            ("log4j2.xml", "a: b"),
            ("a.yaml", "a: &a [*a]"),
        ] {
            assert_eq!(properties(file, text), [], "{file}: {text}");
        }
        assert_eq!(properties("a.yaml", &"[".repeat(100_000)), []);
    }

    #[test]
    fn names_of_deep_files_are_bounded() {
        let deep = |depth: usize| format!("{}x{}", "{a: ".repeat(depth), "}".repeat(depth));
        assert_eq!(properties("a.yaml", &deep(MAX_DEPTH)).len(), 1);
        assert_eq!(properties("a.yaml", &deep(MAX_DEPTH + 1)), []);
    }
}
