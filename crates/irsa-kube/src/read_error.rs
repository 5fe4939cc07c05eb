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
    /// A command that permits it to `USER`, which stays to be filled in.
    pub fn command(&self) -> String {
        let Self { verb, resource, .. } = self;
        let what = if resource.starts_with('/') {
            format!("--verb={verb} --non-resource-url={resource}")
        } else {
            format!("--verb={verb} --resource={resource}")
        };
        match &self.namespace {
            Some(namespace) => format!(
                "kubectl -n {namespace} create role irsa-doctor {what} && \
                 kubectl -n {namespace} create rolebinding irsa-doctor --role=irsa-doctor --user=USER"
            ),
            None => format!(
                "kubectl create clusterrole irsa-doctor {what} && \
                 kubectl create clusterrolebinding irsa-doctor --clusterrole=irsa-doctor --user=USER"
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
    fn a_rule_says_how_it_is_permitted() {
        let command = rule("pods", Some("shop")).command();
        assert!(command.starts_with("kubectl -n shop create role irsa-doctor --verb=get --resource=pods && "));
        let command = rule("/version", None).command();
        assert!(command.contains("clusterrole irsa-doctor --verb=get --non-resource-url=/version "));
    }
}
