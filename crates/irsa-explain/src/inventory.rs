//! The AWS resources that a chain involves, read from files, a Terraform plan or a lab's world.

use irsa_chain::{
    AccountId, Arn, DbResourceId, IssuerUrl, Partition, Region, RoleArn, ServiceAccount,
};
use irsa_policy::Attachment;

use crate::snippet::printable;

/// All known resources.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// IAM roles.
    pub roles: Vec<Role>,
    /// OIDC providers.
    pub providers: Vec<Provider>,
    /// Whether the list of providers is complete.
    pub has_all_providers: bool,
    /// Databases with IAM authentication.
    pub databases: Vec<Database>,
    /// OpenSearch domains.
    pub domains: Vec<Domain>,
    /// EKS Pod Identity associations.
    pub associations: Vec<Association>,
}

/// A policy, or the location of a policy whose text is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySource {
    /// The file, or the address in the plan; for messages.
    pub label: String,
    /// The text; `None` if it is known only after the plan is applied.
    pub text: Option<String>,
    /// The attachment of the policy, if known: this determines its maximum size.
    pub attachment: Option<Attachment>,
}

/// A role with its policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// The name in messages.
    pub label: String,
    /// The name, if known.
    pub name: Option<String>,
    /// The ARN, if known.
    pub arn: Option<RoleArn>,
    /// The partition and account, if known without the ARN.
    pub home: Option<(Partition, AccountId)>,
    /// The trust policy.
    pub trust: Vec<PolicySource>,
    /// The identity-based policies.
    pub permissions: Vec<PolicySource>,
    /// The permissions boundary.
    pub boundary: Vec<PolicySource>,
}

/// An IAM OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The name in messages.
    pub label: String,
    /// The account, if known.
    pub account: Option<AccountId>,
    /// The issuer, if known.
    pub issuer: Option<IssuerUrl>,
    /// The audiences that it accepts, if known.
    pub client_ids: Option<Vec<String>>,
}

/// A database cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The name in messages.
    pub label: String,
    /// The identifier and endpoints that are known.
    pub names: Vec<String>,
    /// The region, if known.
    pub region: Option<Region>,
    /// The resource ID that policies use, if known.
    pub resource_id: Option<DbResourceId>,
}

/// An OpenSearch domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The name in messages.
    pub label: String,
    /// The name, if known.
    pub name: Option<String>,
    /// The name and endpoints that are known.
    pub names: Vec<String>,
    /// The ARN, if known.
    pub arn: Option<String>,
    /// The access policy, which grants access in addition to identity-based policies.
    pub access_policy: Vec<PolicySource>,
}

/// An EKS Pod Identity association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The name in messages.
    pub label: String,
    /// The service account whose pods get the role, if known.
    pub service_account: Option<ServiceAccount>,
    /// The ARN or the label of the role, if known.
    pub role: Option<String>,
    /// The cluster, if known.
    pub cluster: Option<Arn>,
    /// Whether EKS adds session tags, which is the default.
    pub has_tags: bool,
}

// === impl Inventory ===

impl Inventory {
    /// Finds a role by its ARN, name or label.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.is_called(name))
    }

    /// Finds a database by its label, resource ID, identifier or endpoint.
    pub fn database(&self, name: &str) -> Option<&Database> {
        let is_it = |one: &&Database| {
            let id = one.resource_id.as_ref().map(DbResourceId::as_str);
            one.label == name || id == Some(name) || is_among(&one.names, name)
        };
        self.databases.iter().find(is_it)
    }

    /// Finds a domain by its label, ARN, name or endpoint.
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        let is_it = |one: &&Domain| {
            one.label == name || one.arn.as_deref() == Some(name) || is_among(&one.names, name)
        };
        self.domains.iter().find(is_it)
    }

    /// Finds the association of a service account.
    pub fn association(&self, account: &ServiceAccount) -> Option<&Association> {
        let is_it = |one: &&Association| one.service_account.as_ref() == Some(account);
        self.associations.iter().find(is_it)
    }

    /// All policies with their kinds.
    pub fn policies(&self) -> Vec<(irsa_policy::PolicyKind, &PolicySource)> {
        use irsa_policy::PolicyKind::{Boundary, Identity, Resource, Trust};
        let of_roles = self.roles.iter().flat_map(|role| {
            [
                (Trust, &role.trust),
                (Identity, &role.permissions),
                (Boundary, &role.boundary),
            ]
        });
        let of_domains = self
            .domains
            .iter()
            .map(|one| (Resource, &one.access_policy));
        let mut policies: Vec<(_, &PolicySource)> = Vec::new();
        for (kind, sources) in of_roles.chain(of_domains) {
            for source in sources {
                // A managed policy can be attached to several roles.
                if !policies
                    .iter()
                    .any(|(_, other)| other.label == source.label)
                {
                    policies.push((kind, source));
                }
            }
        }
        policies
    }
}

// === impl PolicySource ===

impl PolicySource {
    /// Creates a policy source. Control characters in the label are replaced.
    pub fn new(label: &str, text: Option<String>) -> Self {
        let label = printable(label);
        Self {
            label,
            text,
            attachment: None,
        }
    }

    /// Sets where the policy is attached.
    #[must_use]
    pub fn attached(mut self, attachment: Attachment) -> Self {
        self.attachment = Some(attachment);
        self
    }
}

// === impl Role ===

impl Role {
    /// The partition and account, from the ARN or as set.
    pub fn home(&self) -> Option<(Partition, AccountId)> {
        let of_arn = self.arn.as_ref();
        of_arn
            .map(|arn| (arn.partition(), arn.account().clone()))
            .or_else(|| self.home.clone())
    }

    /// Returns whether `name` is the ARN, name or label of the role.
    pub fn is_called(&self, name: &str) -> bool {
        let arn = self.arn.as_ref().map(RoleArn::as_str);
        let by_arn = || {
            name.parse::<RoleArn>().is_ok_and(|arn| {
                let home = self.home.as_ref();
                let is_here = home.is_none_or(|(_, account)| account == arn.account());
                is_here && self.name.as_deref() == Some(arn.name())
            })
        };
        self.label == name
            || arn == Some(name)
            || self.name.as_deref() == Some(name)
            || (self.arn.is_none() && by_arn())
    }
}

/// Returns whether `name` is one of `names`. Host names are case-insensitive and can have a port.
fn is_among(names: &[String], name: &str) -> bool {
    let host = name.split_once(':').map_or(name, |(host, _)| host);
    names.iter().any(|other| other.eq_ignore_ascii_case(host))
}
