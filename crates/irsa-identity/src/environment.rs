//! The environment variables, read once.

use std::collections::BTreeMap;
use std::fmt;

/// A snapshot of environment variables.
///
/// An empty value counts as unset, as in the AWS SDKs. `Debug` shows only names, because values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Creates an environment from `pairs`. The last value of a name counts.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Self { variables }
    }

    /// Returns the environment of this process, without variables that are not UTF-8.
    pub fn current() -> Self {
        Self::from_pairs(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// Returns a copy without the variable `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut variables = self.variables.clone();
        variables.remove(name);
        Self { variables }
    }

    /// Returns the value of `name`, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns the variable with the HTTP proxy for `https` URLs, and its value: `HTTPS_PROXY`, else `ALL_PROXY`, also
    /// in lower case.
    pub fn https_proxy(&self) -> Option<(&'static str, &str)> {
        self.first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
    }

    /// Returns the variable with the hosts that are connected to without a proxy, and its value: `NO_PROXY`, also in
    /// lower case.
    pub fn no_proxy(&self) -> Option<(&'static str, &str)> {
        self.first(&["NO_PROXY", "no_proxy"])
    }

    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_counts_as_unset() {
        let environment = Environment::from_pairs([("AWS_REGION", ""), ("HOSTNAME", "pod-1")]);
        assert_eq!(environment.get("AWS_REGION"), None);
        assert_eq!(environment.get("HOSTNAME"), Some("pod-1"));
    }

    #[test]
    fn debug_shows_names_but_no_values() {
        let environment = Environment::from_pairs([("AWS_SECRET_ACCESS_KEY", "hush")]);
        assert_eq!(format!("{environment:?}"), r#"{"AWS_SECRET_ACCESS_KEY"}"#);
    }
}
