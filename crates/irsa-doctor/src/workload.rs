//! The workload whose chain is checked: given by flags, and completed by each place for the next one.

use irsa_chain::endpoint::OpenSearchEndpoint;
use irsa_chain::{IssuerUrl, RoleArn, ServiceAccount};
use serde::Serialize;

/// The workload, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Workload {
    /// Its service account: from the token's subject, the pod, or a flag.
    pub service_account: Option<ServiceAccount>,
    /// The role that it requests.
    pub role: Option<RoleArn>,
    /// The token's issuer.
    pub issuer: Option<IssuerUrl>,
    /// The token's audience.
    pub audience: Option<String>,
    /// The source of the role's session.
    pub identity: Option<IdentityKind>,
    /// The databases that it uses.
    pub databases: Vec<Database>,
    /// The OpenSearch domains that it uses.
    pub domains: Vec<Domain>,
}

/// The source of a pod's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    /// IRSA: STS exchanges the pod's token.
    WebIdentity,
    /// The EKS Pod Identity agent.
    PodIdentity,
}

/// A database that the workload uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Database {
    /// The host that tokens are signed for.
    pub host: String,
    /// The port that tokens are signed for.
    pub port: u16,
    /// The database user, if known.
    pub user: Option<String>,
    /// The database's name, if known.
    pub name: Option<String>,
    /// The role that is assumed only for this database.
    pub role: Option<RoleArn>,
}

/// An OpenSearch domain that the workload uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Domain {
    /// The endpoint that requests are signed for.
    pub endpoint: OpenSearchEndpoint,
    /// The role that is assumed only for this domain.
    pub role: Option<RoleArn>,
}

impl Workload {
    /// This workload, with the unknown fields taken from `before`.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        let has_no_store = self.databases.is_empty() && self.domains.is_empty();
        let (databases, domains) = if has_no_store {
            (before.databases, before.domains)
        } else {
            (self.databases, self.domains)
        };
        Self {
            service_account: self.service_account.or(before.service_account),
            role: self.role.or(before.role),
            issuer: self.issuer.or(before.issuer),
            audience: self.audience.or(before.audience),
            identity: self.identity.or(before.identity),
            databases,
            domains,
        }
    }
}
