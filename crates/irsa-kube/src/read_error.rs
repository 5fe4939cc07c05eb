//! The error of a request, and the permission that the request needs.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// The RBAC permission that a request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `get`, `list`, `watch`, `create`, `update` or `patch`.
    pub verb: &'static str,
    /// The resource, such as `serviceaccounts`, or a path such as `/version`.
    pub resource: &'static str,
    /// The namespace; `None` for cluster-scoped resources.
    pub namespace: Option<String>,
    /// The name of a single object.
    pub name: Option<String>,
}

impl Rule {
    /// The command that grants the doctor's user this permission, for all objects of the kind.
    pub fn command(&self, user: &str) -> String {
        let Self { verb, resource, .. } = self;
        let what = if resource.starts_with('/') {
            format!("--verb={verb} --non-resource-url={resource}")
        } else {
            format!("--verb={verb} --resource={resource}")
        };
        self.command_for("irsa-doctor", &what, user)
    }

    /// The command that grants the user this permission for the named object alone, by an RBAC role of this name.
    pub fn command_for_object(&self, role: &str, user: &str) -> String {
        let Self { verb, resource, .. } = self;
        let name = self.name.as_deref();
        let name = name.map_or_else(String::new, |name| format!(" --resource-name={name}"));
        let what = format!("--verb={verb} --resource={resource}{name}");
        self.command_for(role, &what, user)
    }

    fn command_for(&self, role: &str, what: &str, user: &str) -> String {
        match &self.namespace {
            Some(namespace) => format!(
                "kubectl -n {namespace} create role {role} {what} && \
                 kubectl -n {namespace} create rolebinding {role} --role={role} --user={user}"
            ),
            None => format!(
                "kubectl create clusterrole {role} {what} && \
                 kubectl create clusterrolebinding {role} --clusterrole={role} --user={user}"
            ),
        }
    }
}

/// Prints `get serviceaccounts/app in namespace shop`.
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

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot {rule}: {kind}")]
pub struct ReadError {
    /// The permission that the request needs.
    pub rule: Rule,
    /// The reason.
    pub kind: ReadErrorKind,
}

/// The reason why a request failed. The texts are from the API server or the system, truncated and without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The user has no permission (403).
    #[error("{0}")]
    Denied(String),
    /// The API server does not accept the credentials (401).
    #[error("the API server does not accept the credentials in the kubeconfig")]
    Unauthenticated,
    /// It does not exist (404).
    #[error("it does not exist")]
    Absent,
    /// An object with this name exists already (409).
    #[error("it exists already")]
    AlreadyExists,
    /// The object has changed since it was read (409).
    #[error("it has changed since it was read: {0}")]
    Conflict(String),
    /// The API server no longer has the requested version (410).
    #[error("the API server no longer has the requested version: {0}")]
    Expired(String),
    /// The time limit of the caller.
    #[error("the API server did not respond within {0:?}")]
    TimedOut(Duration),
    /// The response has more than this number of bytes.
    #[error("the response has more than {0} bytes")]
    TooLarge(usize),
    /// The API server is unreachable, or its certificate is not trusted.
    #[error("{0}")]
    Unreachable(String),
    /// A credential plugin failed.
    #[error("the credential plugin in the kubeconfig failed")]
    NoCredentials,
    /// An unexpected response.
    #[error("{0}")]
    Other(String),
}

impl ReadError {
    /// Returns whether it does not exist.
    pub fn is_absent(&self) -> bool {
        self.kind == ReadErrorKind::Absent
    }

    /// The user that a denial by the API server names; `USER` as a placeholder if there is no such name.
    pub fn user(&self) -> &str {
        let ReadErrorKind::Denied(message) = &self.kind else {
            return "USER";
        };
        let named = message
            .split_once("User \"")
            .and_then(|(_, rest)| rest.split_once('"'));
        named.map_or("USER", |(user, _)| user)
    }

    /// Returns whether the user has no permission to read it.
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
    fn a_rule_prints_the_command_that_grants_it() {
        let command = rule("pods", Some("shop")).command("me");
        assert!(
            command.starts_with(
                "kubectl -n shop create role irsa-doctor --verb=get --resource=pods && "
            )
        );
        let one = Rule {
            name: Some("admin".to_owned()),
            ..rule("secrets", Some("shop"))
        };
        assert_eq!(
            one.command_for_object("irsa-setup", "me"),
            "kubectl -n shop create role irsa-setup --verb=get --resource=secrets --resource-name=admin && \
             kubectl -n shop create rolebinding irsa-setup --role=irsa-setup --user=me"
        );
        let command = rule("/version", None).command("me");
        assert!(
            command.contains("clusterrole irsa-doctor --verb=get --non-resource-url=/version ")
        );
    }
}
