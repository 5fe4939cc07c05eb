//! Kubernetes service accounts.

use std::fmt;
use std::str::FromStr;

use crate::ParseError;
use crate::text::{is_dns_label, is_dns_name, text_type};

const SUBJECT_PREFIX: &str = "system:serviceaccount:";

/// A service account, printed as `NAMESPACE/NAME`.
///
/// The namespace is an RFC 1123 label and the name an RFC 1123 subdomain ("Object Names and IDs" in the Kubernetes
/// documentation).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceAccount {
    namespace: String,
    name: String,
}

impl ServiceAccount {
    /// The account `name` in `namespace`.
    pub fn new(namespace: &str, name: &str) -> Result<Self, ParseError> {
        if !is_dns_label(namespace) {
            let expected = "1 to 63 of a-z, 0-9 and -, not starting or ending with -";
            return Err(ParseError::new(
                "a Kubernetes namespace",
                namespace,
                expected,
            ));
        }
        if !is_dns_name(name) {
            let expected = "up to 253 of a-z, 0-9, - and ., starting and ending with a-z or 0-9";
            return Err(ParseError::new(
                "the name of a service account",
                name,
                expected,
            ));
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Reads the `sub` claim of a projected token: `system:serviceaccount:NAMESPACE:NAME`.
    pub fn from_subject(subject: &str) -> Result<Self, ParseError> {
        subject
            .strip_prefix(SUBJECT_PREFIX)
            .and_then(|rest| rest.split_once(':'))
            .and_then(|(namespace, name)| Self::new(namespace, name).ok())
            .ok_or_else(|| {
                let expected = "system:serviceaccount:NAMESPACE:NAME";
                ParseError::new("the subject of a service account", subject, expected)
            })
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name within the namespace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The `sub` claim of the account's tokens, which trust policies compare.
    pub fn subject(&self) -> String {
        format!("{SUBJECT_PREFIX}{}:{}", self.namespace, self.name)
    }
}

impl fmt::Display for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl FromStr for ServiceAccount {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.split_once('/') {
            Some((namespace, name)) => Self::new(namespace, name),
            None => Err(ParseError::new("a service account", text, "NAMESPACE/NAME")),
        }
    }
}

text_type!(ServiceAccount);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_subject_of_its_tokens() {
        let account: ServiceAccount = "camunda/keycloak.db".parse().unwrap();
        assert_eq!(account.namespace(), "camunda");
        assert_eq!(account.name(), "keycloak.db");
        assert_eq!(
            account.subject(),
            "system:serviceaccount:camunda:keycloak.db"
        );
        assert_eq!(
            ServiceAccount::from_subject(&account.subject()),
            Ok(account)
        );
    }

    #[test]
    fn rejects_near_misses() {
        let near_misses = [
            "",
            "camunda",
            "/keycloak",
            "camunda/",
            "camunda/a/b",
            "a.b/keycloak",
            "Camunda/keycloak",
            "camunda/*",
            "camunda/keycloak ",
            "camunda:keycloak",
        ];
        for text in near_misses {
            assert!(text.parse::<ServiceAccount>().is_err(), "{text}");
        }
    }

    #[test]
    fn rejects_other_subjects() {
        let subjects = [
            "system:node:ip-10-0-0-1",
            "system:serviceaccount:camunda",
            "system:serviceaccount:camunda:",
            "system:serviceaccount:camunda:a:b",
            "system:serviceaccount:*:*",
            "System:serviceaccount:camunda:keycloak",
        ];
        for subject in subjects {
            assert!(ServiceAccount::from_subject(subject).is_err(), "{subject}");
        }
    }
}
