//! Names of blocks, and references to what is known only after `terraform apply`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use irsa_chain::{OidcProviderArn, RoleArn};
use sha2::{Digest as _, Sha256};

use super::versions::{Iam, VersionSet};
use crate::hcl::{Expression, Substitution};
use crate::stack::{
    Cluster, OpenSearchStore, Origin, PostgresKind, PostgresStore, Role, Setup, Stack, Workload,
};

pub(super) struct Context<'s> {
    pub(super) stack: &'s Stack,
    pub(super) versions: VersionSet,
    /// Names of blocks by the names of clusters.
    clusters: BTreeMap<&'s str, String>,
    /// Names of blocks by the names of roles.
    roles: BTreeMap<&'s str, String>,
}

/// A role that Terraform creates: by itself, or by the IAM module.
pub(super) struct OwnRole<'s> {
    pub(super) arn: &'s RoleArn,
    /// Name of its managed policy.
    pub(super) policy: &'s str,
    /// Whether the IAM module can't write its trust policy.
    pub(super) is_plain: bool,
}

// === impl Context ===

impl<'s> Context<'s> {
    pub(super) fn new(stack: &'s Stack, versions: VersionSet) -> Self {
        let clusters = stack.clusters.iter().map(|cluster| cluster.name.as_str());
        let setup = stack.setup.iter().map(|setup| setup.role.name());
        let own = stack.roles.iter().filter(|role| !role.is_external);
        let roles = own.map(|role| role.arn.name()).chain(setup);
        Self {
            stack,
            versions,
            clusters: identifiers(clusters.collect()),
            roles: identifiers(roles.collect()),
        }
    }

    pub(super) fn cluster_name(&self, cluster: &str) -> &str {
        self.clusters.get(cluster).map_or("", String::as_str)
    }

    pub(super) fn role_name(&self, role: &RoleArn) -> &str {
        self.roles.get(role.name()).map_or("", String::as_str)
    }

    pub(super) fn issuer(&self, cluster: &str) -> String {
        let name = self.cluster_name(cluster);
        format!("data.aws_eks_cluster.{name}.identity[0].oidc[0].issuer")
    }

    pub(super) fn oidc_provider(&self, cluster: &str) -> String {
        let name = self.cluster_name(cluster);
        format!("data.aws_iam_openid_connect_provider.{name}.arn")
    }

    /// The roles that Terraform creates.
    pub(super) fn own_roles(&self) -> impl Iterator<Item = OwnRole<'s>> {
        let roles = self.stack.roles.iter().filter(|role| !role.is_external);
        let roles = roles.map(|role| self.own_role(role));
        roles.chain(self.setup_role())
    }

    /// The role of workloads, which is not an external one.
    pub(super) fn own_role(&self, role: &'s Role) -> OwnRole<'s> {
        let mut workloads = self.stack.workloads_of(role);
        OwnRole {
            arn: &role.arn,
            policy: &role.policy,
            is_plain: workloads.any(|workload| workload.uses_pod_identity),
        }
    }

    /// The role of the setup, if it has anything to do.
    pub(super) fn setup_role(&self) -> Option<OwnRole<'s>> {
        let setup = self.setup()?;
        let mut clusters = self.stack.clusters.iter();
        Some(OwnRole {
            arn: &setup.role,
            policy: setup.role.name(),
            is_plain: clusters.any(|cluster| !self.stack.uses_tokens(cluster)),
        })
    }

    /// The ARN of a role. Of one that is created, it is known after its creation.
    pub(super) fn role_arn(&self, role: &'s Role) -> Expression {
        if role.is_external {
            Expression::text(role.arn.as_str())
        } else {
            Expression::reference(self.own_role_arn(&self.own_role(role)))
        }
    }

    /// The ARN of a role that Terraform creates.
    pub(super) fn own_role_arn(&self, role: &OwnRole<'_>) -> String {
        let name = self.role_name(role.arn);
        match (role.is_plain, self.versions.iam) {
            (true, _) => format!("aws_iam_role.{name}.arn"),
            (false, Iam::V5) => format!("module.{name}.iam_role_arn"),
            (false, Iam::V6) => format!("module.{name}.arn"),
        }
    }

    /// The endpoint of a PostgreSQL store, if the file does not have it.
    pub(super) fn postgres_endpoint(store: &PostgresStore) -> Option<String> {
        let attribute = match store.kind {
            PostgresKind::Cluster => "endpoint",
            PostgresKind::Instance => "address",
        };
        Some(format!("{}.{attribute}", postgres_address(store)?))
    }

    /// The resource ID of a PostgreSQL store, if the file does not have it.
    pub(super) fn postgres_resource_id(store: &PostgresStore) -> Option<String> {
        let attribute = match store.kind {
            PostgresKind::Cluster => "cluster_resource_id",
            PostgresKind::Instance => "resource_id",
        };
        Some(format!("{}.{attribute}", postgres_address(store)?))
    }

    /// The endpoint of a domain, if the file does not have it.
    pub(super) fn opensearch_endpoint(store: &OpenSearchStore) -> Option<String> {
        let name = identifier(&store.key);
        match store.origin {
            Origin::Create(_) => Some(format!("aws_opensearch_domain.{name}.endpoint")),
            Origin::Named => Some(format!("data.aws_opensearch_domain.{name}.endpoint")),
            Origin::Known => None,
        }
    }

    /// References for the resource IDs in a permissions policy.
    pub(super) fn resource_ids(&self) -> Vec<Substitution> {
        let reference = |store: &PostgresStore| {
            let reference = Self::postgres_resource_id(store)?;
            Some((store.resource_id.to_string(), reference))
        };
        self.stack.postgres.iter().filter_map(reference).collect()
    }

    /// References for the secrets with administrators' passwords, and for their keys.
    pub(super) fn admin_secrets(&self) -> Vec<Substitution> {
        let references = |store: &PostgresStore| {
            let secret = store.admin_secret.as_ref()?;
            let arn = (
                secret.arn.to_string(),
                Self::admin_secret(store, "secret_arn")?,
            );
            let key = secret.kms_key.as_ref();
            let key = key
                .map(ToString::to_string)
                .zip(Self::admin_secret(store, "kms_key_id"));
            Some([Some(arn), key])
        };
        let all = self.stack.postgres.iter().filter_map(references);
        all.flatten().flatten().collect()
    }

    /// An attribute of the secret that RDS manages for a cluster, if the file does not have its endpoint.
    pub(super) fn admin_secret(store: &PostgresStore, attribute: &str) -> Option<String> {
        let store = postgres_address(store)?;
        Some(format!("{store}.master_user_secret[0].{attribute}"))
    }

    /// References for the issuers in a trust policy of the role.
    pub(super) fn issuers(&self, role: &RoleArn) -> Vec<Substitution> {
        let reference = |cluster: &Cluster| {
            let arn = OidcProviderArn::new(role.partition(), role.account(), &cluster.issuer);
            let host = cluster.issuer.host_and_path().to_owned();
            let issuer = self.issuer(&cluster.name);
            [
                (arn.as_str().to_owned(), self.oidc_provider(&cluster.name)),
                (host, format!("replace({issuer}, \"https://\", \"\")")),
            ]
        };
        self.stack.clusters.iter().flat_map(reference).collect()
    }

    /// References for the roles in the access policy of a domain.
    pub(super) fn principals(&self) -> Vec<Substitution> {
        self.own_roles()
            .map(|role| (role.arn.to_string(), self.own_role_arn(&role)))
            .collect()
    }

    /// The role of the setup, if Terraform creates it.
    pub(super) fn setup(&self) -> Option<&'s Setup> {
        self.stack.needed_setup()
    }

    /// The clusters with workloads that use a store, in the order of the file.
    pub(super) fn clusters_with(&self, uses: impl Fn(&Workload) -> bool) -> Vec<&'s Cluster> {
        let workloads: Vec<_> = self
            .stack
            .workloads
            .iter()
            .filter(|one| uses(one))
            .collect();
        let runs = |cluster: &&Cluster| {
            let mut workloads = workloads.iter();
            workloads.any(|workload| workload.clusters.contains(&cluster.name))
        };
        self.stack.clusters.iter().filter(runs).collect()
    }
}

/// The address of a PostgreSQL store in Terraform, if it is there.
fn postgres_address(store: &PostgresStore) -> Option<String> {
    let name = identifier(&store.key);
    let address = format!("{}.{name}", postgres_type(store.kind));
    match &store.origin {
        Origin::Create(_) => Some(address),
        Origin::Named => Some(format!("data.{address}")),
        Origin::Known => None,
    }
}

/// The type of a resource, and of the data source with the same name.
pub(super) fn postgres_type(kind: PostgresKind) -> &'static str {
    match kind {
        PostgresKind::Cluster => "aws_rds_cluster",
        PostgresKind::Instance => "aws_db_instance",
    }
}

/// The name of a block for a key, which has no underscores.
pub(super) fn identifier(key: &str) -> String {
    key.replace('-', "_")
}

/// Names of blocks. Each depends on its own name alone: if it depended on others, Terraform would replace a role once
/// one with a similar name is added.
fn identifiers(names: Vec<&str>) -> BTreeMap<&str, String> {
    let identifier = |name| {
        let identifier = if is_lossy(name) {
            format!("{}_{}", base(name), hash(name))
        } else {
            base(name)
        };
        (name, identifier)
    };
    names.into_iter().map(identifier).collect()
}

/// Returns whether a different name may have the same base.
fn is_lossy(name: &str) -> bool {
    let is_kept = |char: char| char.is_ascii_alphanumeric() || char == '-';
    !name.chars().all(is_kept) || name.starts_with(|first: char| first.is_ascii_digit())
}

fn base(name: &str) -> String {
    let valid = |char: char| {
        if char.is_ascii_alphanumeric() {
            char
        } else {
            '_'
        }
    };
    let base: String = name.chars().map(valid).collect();
    if base.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{base}")
    } else {
        base
    }
}

fn hash(name: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(name).iter().take(4) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
