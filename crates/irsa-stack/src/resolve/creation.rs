//! What Terraform needs beyond the names: origins of stores, settings of roles, the role of the setup.

use std::collections::BTreeMap;

use irsa_chain::ServiceAccount;
use irsa_chain::untrusted::quoted;

use super::Resolver;
use crate::mistake::Mistake;
use crate::specification::{ExistingOpenSearch, KnownBy, OpenSearch, Postgres};
use crate::specification::{Setup as SetupFile, Specification};
use crate::stack::{CreateOpenSearch, CreatePostgres, IamSettings, Origin, Setup};

/// The namespace of the setup Job, if the file names none.
const SETUP_NAMESPACE: &str = "irsa-setup";
/// The number of tags that a resource can have.
const MAX_TAGS: usize = 50;
/// The service account of the setup Job.
const SETUP_SERVICE_ACCOUNT: &str = "irsa-setup";

impl Resolver<'_> {
    pub(super) fn setup_role_name(&self) -> String {
        format!("{}-setup", self.file.name)
    }

    pub(super) fn setup(&self) -> Option<Setup> {
        let file = self.file.setup.as_ref();
        let namespace = file.map_or(SETUP_NAMESPACE, |SetupFile { namespace }| namespace);
        Some(Setup {
            role: self.arn(&self.setup_role_name())?,
            service_account: ServiceAccount::new(namespace, SETUP_SERVICE_ACCOUNT).ok()?,
            is_requested: file.is_some(),
        })
    }

    /// Refuses tags that IAM takes for the same, and more than a resource can have (IAM User Guide, "IAM and AWS STS
    /// quotas").
    pub(super) fn tags(&mut self) {
        let keys: Vec<_> = self.file.tags.keys().collect();
        if keys.len() > MAX_TAGS {
            let message = format!(
                "{} tags, but a resource in AWS has at most {MAX_TAGS}",
                keys.len()
            );
            self.mistake(&["tags"], message);
        }
        let mut seen: BTreeMap<String, &String> = BTreeMap::new();
        for key in keys {
            if let Some(other) = seen.insert(key.to_lowercase(), key) {
                let message = format!(
                    "{} and {} differ only in case: IAM takes them for the same tag",
                    quoted(other),
                    quoted(key)
                );
                let place = self.root.key_place(&["tags", key]);
                self.mistakes.push(Mistake::new(place, message));
            }
        }
    }

    pub(super) fn is_existing(&self, cluster: &str) -> bool {
        let cluster = self.file.clusters.get(cluster);
        cluster.is_none_or(|cluster| cluster.existing != Some(false))
    }

    pub(super) fn hop_limit(&self, cluster: &str) -> Option<u64> {
        self.file.clusters.get(cluster)?.node_groups.hop_limit
    }
}

pub(super) fn iam(file: &Specification) -> IamSettings {
    IamSettings {
        path: file.iam.path.clone().unwrap_or_else(|| "/".to_owned()),
        permissions_boundary: file.iam.permissions_boundary.clone(),
    }
}

pub(super) fn postgres(store: &Postgres) -> Origin<CreatePostgres> {
    match (&store.create, &store.existing) {
        (Some(create), _) => Origin::Create(create.clone()),
        (None, Some(existing)) if matches!(existing.known_by(), KnownBy::Endpoint(..)) => {
            Origin::Known
        }
        (None, _) => Origin::Named,
    }
}

pub(super) fn opensearch(store: &OpenSearch) -> Origin<CreateOpenSearch> {
    match (&store.create, &store.existing) {
        (Some(create), _) => Origin::Create(create.clone()),
        (None, Some(ExistingOpenSearch::Endpoint { .. })) => Origin::Known,
        (None, _) => Origin::Named,
    }
}
