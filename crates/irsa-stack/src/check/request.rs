//! The request that a row is about, for programs that repeat the decision.

use irsa_chain::{Arn, IssuerUrl, RoleArn, ServiceAccount};
use irsa_explain::chain::Access;
use serde_json::{Map, Value, json};

/// A pod that assumes a role and, if there is an action, uses its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Role.
    pub role: RoleArn,
    /// Service account of the pod.
    pub service_account: ServiceAccount,
    /// EKS cluster of the pod.
    pub cluster: Arn,
    /// Issuer of the pod's tokens; `None` with EKS Pod Identity.
    pub issuer: Option<IssuerUrl>,
    /// What the session does; `None` if the question is only whether the pod gets the role.
    pub action: Option<Action>,
    /// A condition key of the request with its value, besides those that AWS always sets.
    pub condition: Option<(&'static str, String)>,
}

/// An action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Name, such as `rds-db:connect`.
    pub name: String,
    /// ARN of the database user or of the domain.
    pub resource: String,
}

// === impl Request ===

impl Request {
    pub(super) fn json(&self) -> Value {
        let action = self.action.as_ref();
        let context = self.condition.iter();
        let context = context.map(|(key, value)| ((*key).to_owned(), value.as_str().into()));
        json!({
            "role": self.role.as_str(),
            "service_account": self.service_account.to_string(),
            "cluster": self.cluster.as_str(),
            "issuer": self.issuer.as_ref().map(IssuerUrl::as_str),
            "action": action.map(|action| action.name.as_str()),
            "resource": action.map(|action| action.resource.as_str()),
            "context": context.collect::<Map<_, _>>(),
        })
    }
}

// === impl Action ===

impl Action {
    /// An access of the policy engine.
    pub(super) fn from_access(access: Access<'_>) -> Self {
        let (name, resource) = match access {
            Access::Connect(user) => ("rds-db:connect", Some(user)),
            Access::Open { domain, action } => (action, Some(domain)),
            Access::Call { action, resource } => (action, resource),
        };
        Self {
            name: name.to_owned(),
            resource: resource.unwrap_or("*").to_owned(),
        }
    }
}
