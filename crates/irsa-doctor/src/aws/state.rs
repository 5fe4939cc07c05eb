//! What the walk has learnt.

use std::collections::BTreeMap;
use std::time::Duration;

use irsa_aws::{AttachedPolicy, AwsReader, DatabaseSettings, DomainSettings, OidcProvider, Role};
use irsa_chain::{OidcProviderArn, RoleArn};
use irsa_identity::CallerIdentity;

use super::pod_identity;
use crate::{Database, Domain, IdentityKind, Workload};

/// What AWS's SDKs ask STS for unless they are told otherwise.
const AN_HOUR: Duration = Duration::from_hours(1);

/// AWS's place.
#[derive(Debug)]
pub struct Aws {
    pub(super) workload: Workload,
    pub(super) reader: AwsReader,
    pub(super) session: Duration,
    pub(super) facts: Facts,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) caller: Option<CallerIdentity>,
    pub(super) provider: Option<OidcProvider>,
    pub(super) role: Option<Role>,
    pub(super) permissions: Permissions,
    /// By host.
    pub(super) databases: BTreeMap<String, DatabaseSettings>,
    /// By endpoint.
    pub(super) domains: BTreeMap<String, DomainSettings>,
}

/// What decides what a session of the role may do.
#[derive(Debug, Clone, Default)]
pub(super) struct Permissions {
    pub(super) policies: Vec<AttachedPolicy>,
    pub(super) boundary: Option<AttachedPolicy>,
}

impl Aws {
    /// What is known of the workload, and who reads.
    pub fn new(workload: Workload, reader: AwsReader) -> Self {
        Self {
            workload,
            reader,
            session: AN_HOUR,
            facts: Facts::default(),
        }
    }

    /// How long a session the workload asks for, where it is not an hour.
    #[must_use]
    pub fn with_session(mut self, asked: Duration) -> Self {
        self.session = asked;
        self
    }

    /// What was learnt of the workload.
    pub fn into_workload(self) -> Workload {
        self.workload
    }

    pub(super) fn databases(&self) -> Vec<String> {
        let hosts = self.workload.databases.iter().map(|one| one.host.clone());
        hosts.collect()
    }

    pub(super) fn domains(&self) -> Vec<String> {
        let endpoints = self.workload.domains.iter();
        endpoints
            .map(|one| one.endpoint.host().to_owned())
            .collect()
    }

    pub(super) fn database(&self, host: &str) -> Option<&Database> {
        self.workload.databases.iter().find(|one| one.host == host)
    }

    pub(super) fn domain(&self, host: &str) -> Option<&Domain> {
        let mut domains = self.workload.domains.iter();
        domains.find(|one| one.endpoint.host() == host)
    }

    /// Returns whether the session comes from the EKS Pod Identity agent. If neither pod nor cluster told, the role's trust
    /// policy decides: a role that trusts EKS Pod Identity and no OIDC provider is meant for it.
    pub(super) fn is_pod_identity(&self) -> bool {
        if let Some(kind) = self.workload.identity {
            return kind == IdentityKind::PodIdentity;
        }
        let role = self.facts.role.as_ref();
        role.is_some_and(pod_identity::is_meant_by)
    }

    /// The role as AWS has it, else as it is asked for.
    pub(super) fn role_arn(&self) -> Option<&RoleArn> {
        let found = self.facts.role.as_ref().map(|role| &role.arn);
        found.or(self.workload.role.as_ref())
    }

    /// The provider of the token's issuer, which is one of the role's account.
    pub(super) fn provider_arn(&self) -> Option<OidcProviderArn> {
        let (role, issuer) = (self.role_arn()?, self.workload.issuer.as_ref()?);
        Some(OidcProviderArn::new(
            role.partition(),
            role.account(),
            issuer,
        ))
    }

    /// The token's audience; where it is not known, the one that EKS asks for.
    pub(super) fn audience(&self) -> &str {
        self.workload
            .audience
            .as_deref()
            .unwrap_or("sts.amazonaws.com")
    }
}
