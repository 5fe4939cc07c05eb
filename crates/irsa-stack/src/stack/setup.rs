//! The role that sets up the data stores, and what it must be able to reach.

use irsa_chain::{Arn, RoleArn, ServiceAccount};
use serde::Deserialize;

use super::{OpenSearchStore, Origin, PostgresStore, Stack};

/// The role that sets up the data stores.
#[derive(Debug, Clone)]
pub struct Setup {
    /// ARN of the role.
    pub role: RoleArn,
    /// Service account of the setup Job.
    pub service_account: ServiceAccount,
    /// Whether the file has `setup`.
    pub is_requested: bool,
}

/// The secret in which AWS keeps the password of a cluster's administrator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AdminSecret {
    /// Its ARN.
    pub arn: Arn,
    /// The KMS key that encrypts it.
    pub kms_key: Option<Arn>,
}

// === impl Stack ===

impl Stack {
    /// The role of the setup, if it has anything to do: Terraform creates it.
    pub fn needed_setup(&self) -> Option<&Setup> {
        let setup = self.setup.as_ref()?;
        let mut domains = self.setup_domains(setup);
        let is_needed = if setup.is_requested {
            domains.next().is_some() || self.setup_clusters(setup).next().is_some()
        } else {
            domains.any(|store| store.origin.is_created())
        };
        is_needed.then_some(setup)
    }

    /// The domains whose master user the role of the setup is.
    pub fn setup_domains<'s>(
        &'s self,
        setup: &'s Setup,
    ) -> impl Iterator<Item = &'s OpenSearchStore> {
        let domains = self.opensearch.iter();
        domains.filter(|store| store.is_fine_grained && store.admin == setup.role)
    }

    /// The clusters whose administrator's password the role of the setup reads. It can read only secrets in its
    /// account, and Terraform knows the secrets only of clusters that it creates or looks up.
    pub fn setup_clusters<'s>(
        &'s self,
        setup: &'s Setup,
    ) -> impl Iterator<Item = (&'s PostgresStore, &'s AdminSecret)> {
        let own = |store: &&PostgresStore| {
            setup.is_requested
                && store.account == *setup.role.account()
                && !matches!(store.origin, Origin::Known)
        };
        let stores = self.postgres.iter().filter(own);
        stores.filter_map(|store| Some((store, store.admin_secret.as_ref()?)))
    }
}
