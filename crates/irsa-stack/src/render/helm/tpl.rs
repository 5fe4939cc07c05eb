//! Texts that a chart executes as templates.

use crate::yaml::Yaml;

/// An action that gives `{{`. It has neither spaces nor quotes: a YAML writer between us and the template engine can
/// neither fold nor escape it.
const BRACES: &str = "{{`{{`}}";

/// The value whose texts, executed as templates so many times, are those of `value`.
pub(super) fn escaped(value: Yaml, times: usize) -> Yaml {
    (0..times).fold(value, |value, _| once(value))
}

fn once(value: Yaml) -> Yaml {
    match value {
        Yaml::Text(text) => Yaml::Text(escape(&text)),
        Yaml::Block(text) => Yaml::Block(escape(&text)),
        Yaml::List(items) => Yaml::List(items.into_iter().map(once).collect()),
        Yaml::Map(entries) => {
            let entries = entries.into_iter();
            let entries = entries.map(|(key, value)| (escape(&key), once(value)));
            Yaml::Map(entries.collect())
        }
        other => other,
    }
}

/// The template that gives `text`.
fn escape(text: &str) -> String {
    text.replace("{{", BRACES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_become_an_action() {
        for (text, expected) in [
            ("a{{ .Release.Name }}b", "a{{`{{`}} .Release.Name }}b"),
            ("{{{", "{{`{{`}}{"),
            ("{{{{", "{{`{{`}}{{`{{`}}"),
            ("{ {", "{ {"),
        ] {
            assert_eq!(escape(text), expected);
        }
        let nested = Yaml::map([("a", Yaml::texts(["{{"]))]);
        let expected = Yaml::map([("a", Yaml::texts(["{{`{{`}}"]))]);
        assert_eq!(escaped(nested.clone(), 0), nested);
        assert_eq!(escaped(nested.clone(), 1), expected);
        assert_eq!(escaped(nested, 2), escaped(expected, 1));
    }
}
