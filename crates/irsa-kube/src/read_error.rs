//! A read that failed, and the permission that it takes.

use std::fmt;

use thiserror::Error;

/// What was to be read, in the words of RBAC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `get`, `list`, `create`.
    pub verb: &'static str,
    /// The resource, such as `serviceaccounts`, or a path such as `/version`.
    pub resource: &'static str,
    /// `None` for what belongs to the cluster.
    pub namespace: Option<String>,
    /// The object's name, where it is one.
    pub name: Option<String>,
}

impl Rule {
    /// A command that permits it to this user.
    pub fn command(&self, user: &str) -> String {
        let Self { verb, resource, .. } = self;
        let what = if resource.starts_with('/') {
            format!("--verb={verb} --non-resource-url={resource}")
        } else {
            format!("--verb={verb} --resource={resource}")
        };
        match &self.namespace {
            Some(namespace) => format!(
                "kubectl -n {namespace} create role irsa-doctor {what} && \
                 kubectl -n {namespace} create rolebinding irsa-doctor --role=irsa-doctor --user={user}"
            ),
            None => format!(
                "kubectl create clusterrole irsa-doctor {what} && \
                 kubectl create clusterrolebinding irsa-doctor --clusterrole=irsa-doctor --user={user}"
            ),
        }
    }
}

/// `get serviceaccounts/app in namespace shop`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if let Some(name) = &self.name {
            write!(f, "/{name}")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}

/// A read that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("can't {rule}: {kind}")]
pub struct ReadError {
    /// What was to be read.
    pub rule: Rule,
    /// Why it was not.
    pub kind: ReadErrorKind,
}

/// Why something was not read. The texts are the API server's or the system's, cut off and with nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The user may not (403).
    #[error("{0}")]
    Denied(String),
    /// The API server does not take the credentials (401).
    #[error("the API server does not take the kubeconfig's credentials")]
    Unauthenticated,
    /// It does not exist (404).
    #[error("there is none")]
    Absent,
    /// The API server can't be reached, or its certificate is not vouched for.
    #[error("{0}")]
    Unreachable(String),
    /// The credentials could not be had: a plug-in failed.
    #[error("the kubeconfig's credentials can't be had")]
    NoCredentials,
    /// Another answer than expected.
    #[error("{0}")]
    Other(String),
}

impl ReadError {
    /// Whether it does not exist.
    pub fn is_absent(&self) -> bool {
        self.kind == ReadErrorKind::Absent
    }

    /// Whom the API server takes the reader for, where it says so in a denial; else `USER`, to be filled in.
    pub fn user(&self) -> &str {
        let ReadErrorKind::Denied(message) = &self.kind else {
            return "USER";
        };
        let named = message
            .split_once("User \"")
            .and_then(|(_, rest)| rest.split_once('"'));
        named.map_or("USER", |(user, _)| user)
    }

    /// Whether the user may not read it.
    pub fn is_denied(&self) -> bool {
        matches!(self.kind, ReadErrorKind::Denied(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(resource: &'static str, namespace: Option<&str>) -> Rule {
        Rule {
            verb: "get",
            resource,
            namespace: namespace.map(str::to_owned),
            name: None,
        }
    }

    #[test]
    fn a_denial_names_the_user() {
        let message =
            r#"pods is forbidden: User "system:serviceaccount:a:b" cannot list resource "pods""#;
        let denied = ReadError {
            rule: rule("pods", Some("shop")),
            kind: ReadErrorKind::Denied(message.to_owned()),
        };
        assert_eq!(denied.user(), "system:serviceaccount:a:b");
    }

    #[test]
    fn a_rule_says_how_it_is_permitted() {
        let command = rule("pods", Some("shop")).command("me");
        assert!(
            command.starts_with(
                "kubectl -n shop create role irsa-doctor --verb=get --resource=pods && "
            )
        );
        let command = rule("/version", None).command("me");
        assert!(
            command.contains("clusterrole irsa-doctor --verb=get --non-resource-url=/version ")
        );
    }
}
