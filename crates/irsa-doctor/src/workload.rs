//! Whose chain it is: what flags say and what each place adds for the next one.

use irsa_chain::endpoint::OpenSearchEndpoint;
use irsa_chain::{IssuerUrl, RoleArn, ServiceAccount};
use serde::Serialize;

/// What is known of the workload so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Workload {
    /// Its service account: from the token's subject, the pod, or a flag.
    pub service_account: Option<ServiceAccount>,
    /// The role that it asks for.
    pub role: Option<RoleArn>,
    /// The token's issuer.
    pub issuer: Option<IssuerUrl>,
    /// The token's audience.
    pub audience: Option<String>,
    /// By what it gets the role's session.
    pub identity: Option<IdentityKind>,
    /// The databases that it uses.
    pub databases: Vec<Database>,
    /// The OpenSearch domains that it uses.
    pub domains: Vec<Domain>,
}

/// By what a pod gets a role's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    /// By its token at STS: IRSA.
    WebIdentity,
    /// By the agent of EKS Pod Identity.
    PodIdentity,
}

/// A database that the workload uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Database {
    /// The host that tokens are signed for.
    pub host: String,
    /// The port that tokens are signed for.
    pub port: u16,
    /// The database user, where it is known.
    pub user: Option<String>,
    /// The database's name, where it is known.
    pub name: Option<String>,
    /// The role that is assumed for it alone.
    pub role: Option<RoleArn>,
}

/// An OpenSearch domain that the workload uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Domain {
    /// The endpoint that requests are signed for.
    pub endpoint: OpenSearchEndpoint,
    /// The role that is assumed for it alone.
    pub role: Option<RoleArn>,
}

impl Workload {
    /// What is known of it, and for the rest what `before` knew.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        let knows_none = self.databases.is_empty() && self.domains.is_empty();
        let (databases, domains) = if knows_none {
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
