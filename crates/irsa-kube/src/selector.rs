//! Label selectors. Those of kube-core report only whether they match; the doctor also names the unmet condition.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Selects objects by their labels; an empty selector selects all ("Labels and selectors" in the Kubernetes
/// documentation).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    /// The labels with their required values.
    pub match_labels: BTreeMap<String, String>,
    /// Additional conditions.
    pub match_expressions: Vec<Expression>,
}

/// A condition on one label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Expression {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values for `In` and `NotIn`.
    #[serde(default)]
    pub values: Vec<String>,
}

impl Selector {
    /// Returns whether it selects an object with these labels.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.unmet(labels).is_none()
    }

    /// The first condition that an object with these labels does not meet, as text.
    pub fn unmet(&self, labels: &BTreeMap<String, String>) -> Option<String> {
        let mut equal = self.match_labels.iter();
        let differs = equal.find(|(key, value)| labels.get(*key) != Some(value));
        let mut conditions = self.match_expressions.iter();
        differs
            .map(|(key, value)| format!("{key}={value}"))
            .or_else(|| {
                let failed = conditions.find(|condition| !condition.holds(labels));
                failed.map(Expression::in_words)
            })
    }
}

impl Expression {
    /// Evaluates the condition as the API server does: `NotIn` holds if the label is absent.
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator.as_str() {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }

    fn in_words(&self) -> String {
        let Self {
            key,
            operator,
            values,
        } = self;
        match operator.as_str() {
            "Exists" => key.clone(),
            "DoesNotExist" => format!("no {key}"),
            "In" | "NotIn" => {
                let not = if operator == "NotIn" { "not " } else { "" };
                format!("{key} {not}in ({})", values.join(", "))
            }
            other => format!("{key} {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(json: &str) -> Selector {
        serde_json::from_str(json).unwrap()
    }

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn an_empty_selector_selects_all() {
        assert!(selector("{}").selects(&labels(&[])));
    }

    #[test]
    fn operators_have_the_semantics_of_the_api_server() {
        let with_operator = |operator: &str| {
            let text = format!(
                r#"{{"matchExpressions": [{{"key": "k", "operator": "{operator}", "values": ["a"]}}]}}"#
            );
            selector(&text)
        };
        for (operator, absent, a, b) in [
            ("In", false, true, false),
            ("NotIn", true, false, true),
            ("Exists", false, true, true),
            ("DoesNotExist", true, false, false),
        ] {
            let selector = with_operator(operator);
            assert_eq!(selector.selects(&labels(&[])), absent, "{operator}");
            assert_eq!(selector.selects(&labels(&[("k", "a")])), a, "{operator}");
            assert_eq!(selector.selects(&labels(&[("k", "b")])), b, "{operator}");
        }
    }

    #[test]
    fn reports_the_unmet_condition() {
        let selector = selector(
            r#"{"matchLabels": {"team": "shop"},
                "matchExpressions": [{"key": "name", "operator": "NotIn", "values": ["kube-system"]}]}"#,
        );
        assert_eq!(selector.unmet(&labels(&[])).unwrap(), "team=shop");
        let unmet = selector.unmet(&labels(&[("team", "shop"), ("name", "kube-system")]));
        assert_eq!(unmet.unwrap(), "name not in (kube-system)");
    }
}
