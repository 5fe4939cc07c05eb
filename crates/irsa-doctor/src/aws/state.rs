//! The inputs of the AWS checks, and what earlier checks have found.

use std::collections::BTreeMap;
use std::time::Duration;

use irsa_aws::{AttachedPolicy, AwsReader, DatabaseSettings, DomainSettings, OidcProvider, Role};
use irsa_chain::{Arn, OidcProviderArn, RoleArn};
use irsa_identity::CallerIdentity;

use super::pod_identity;
use crate::{Database, Domain, IdentityKind, Specified, Workload};

/// The session duration that AWS SDKs request by default.
const DEFAULT_SESSION: Duration = Duration::from_hours(1);

/// The inputs of the AWS checks, and what earlier checks have found.
#[derive(Debug)]
pub struct Aws {
    pub(super) workload: Workload,
    pub(super) reader: AwsReader,
    pub(super) session: Duration,
    pub(super) specified: Option<Specified>,
    pub(super) facts: Facts,
}

/// The settings that were read.
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

/// The policies that limit a session of the role.
#[derive(Debug, Clone, Default)]
pub(super) struct Permissions {
    pub(super) policies: Vec<AttachedPolicy>,
    pub(super) boundary: Option<AttachedPolicy>,
}

impl Aws {
    /// Checks this workload, with the reader's credentials.
    pub fn new(workload: Workload, reader: AwsReader) -> Self {
        Self {
            workload,
            reader,
            session: DEFAULT_SESSION,
            specified: None,
            facts: Facts::default(),
        }
    }

    /// Sets the session duration that the workload requests; the default is an hour.
    #[must_use]
    pub fn with_session(mut self, requested: Duration) -> Self {
        self.session = requested;
        self
    }

    /// Sets the identity that `irsa.yaml` specifies.
    #[must_use]
    pub fn with_specified(mut self, specified: Specified) -> Self {
        self.specified = Some(specified);
        self
    }

    /// The workload, as far as it is known.
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

    /// Returns whether the session comes from the EKS Pod Identity agent. If neither the pod nor the cluster check found
    /// out, the role's trust policy decides: a role that trusts EKS Pod Identity and no OIDC provider is meant for it.
    pub(super) fn is_pod_identity(&self) -> bool {
        if let Some(kind) = self.workload.identity {
            return kind == IdentityKind::PodIdentity;
        }
        let role = self.facts.role.as_ref();
        role.is_some_and(pod_identity::is_meant_by)
    }

    /// The EKS cluster, if a specification names it.
    pub(super) fn cluster_arn(&self) -> Option<&Arn> {
        self.specified.as_ref().map(|one| &one.cluster.arn)
    }

    /// The role's ARN from IAM, or else the requested one.
    pub(super) fn role_arn(&self) -> Option<&RoleArn> {
        let found = self.facts.role.as_ref().map(|role| &role.arn);
        found.or(self.workload.role.as_ref())
    }

    /// The OIDC provider for the token's issuer, in the role's account.
    pub(super) fn provider_arn(&self) -> Option<OidcProviderArn> {
        let (role, issuer) = (self.role_arn()?, self.workload.issuer.as_ref()?);
        Some(OidcProviderArn::new(
            role.partition(),
            role.account(),
            issuer,
        ))
    }

    /// The token's audience, or the default of EKS if it is unknown.
    pub(super) fn audience(&self) -> &str {
        self.workload
            .audience
            .as_deref()
            .unwrap_or("sts.amazonaws.com")
    }
}
