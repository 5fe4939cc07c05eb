//! What exists on AWS's side, as far as a chain passes it: from files, a Terraform plan or a lab's
//! world.

use irsa_chain::{
    AccountId, Arn, DbResourceId, IssuerUrl, Partition, Region, RoleArn, ServiceAccount,
};
use irsa_policy::Attachment;

use crate::snippet::printable;

/// Everything that is known.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// IAM roles.
    pub roles: Vec<Role>,
    /// OIDC providers.
    pub providers: Vec<Provider>,
    /// Whether there is no other provider.
    pub has_all_providers: bool,
    /// Databases with IAM authentication.
    pub databases: Vec<Database>,
    /// OpenSearch domains.
    pub domains: Vec<Domain>,
    /// EKS Pod Identity associations.
    pub associations: Vec<Association>,
}

/// A policy, or the place of one that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file, or the address in the plan, for messages.
    pub place: String,
    /// `None` if it is known after the plan is applied only.
    pub text: Option<String>,
    /// Where the policy is attached, if that is known: it decides how large it may be.
    pub attachment: Option<Attachment>,
}

/// A role with its policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// What messages call it.
    pub place: String,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// Its ARN, if it is known.
    pub arn: Option<RoleArn>,
    /// Where it is, if that is known: also without its ARN.
    pub home: Option<(Partition, AccountId)>,
    /// Who may assume it.
    pub trust: Vec<Source>,
    /// What its sessions may do.
    pub permissions: Vec<Source>,
    /// What its sessions may do at most.
    pub boundary: Vec<Source>,
}

/// An issuer that an account trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// What messages call it.
    pub place: String,
    /// Its account, if it is known.
    pub account: Option<AccountId>,
    /// Its issuer, if it is known.
    pub issuer: Option<IssuerUrl>,
    /// The audiences that it takes, if they are known.
    pub client_ids: Option<Vec<String>>,
}

/// A database cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// What messages call it.
    pub place: String,
    /// Its identifier and its endpoints, as far as they are known.
    pub names: Vec<String>,
    /// Its region, if it is known.
    pub region: Option<Region>,
    /// What policies call it, if it is known.
    pub resource_id: Option<DbResourceId>,
}

/// An OpenSearch domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// What messages call it.
    pub place: String,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// Its name and its endpoints, as far as they are known.
    pub names: Vec<String>,
    /// Its ARN, if it is known.
    pub arn: Option<String>,
    /// Who may reach it, besides those whom their own policies allow to.
    pub access_policy: Vec<Source>,
}

/// An EKS Pod Identity association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The name for messages.
    pub place: String,
    /// The service account whose pods get the role, if it is known.
    pub service_account: Option<ServiceAccount>,
    /// The role's ARN or its name for messages, if it is known.
    pub role: Option<String>,
    /// The cluster, if it is known.
    pub cluster: Option<Arn>,
    /// Whether EKS adds session tags, which is the default.
    pub has_tags: bool,
}

// === impl Inventory ===

impl Inventory {
    /// The role that is called `name`: its ARN, its name, or what messages call it.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.is_called(name))
    }

    /// The database that is called `name`.
    pub fn database(&self, name: &str) -> Option<&Database> {
        let is_it = |one: &&Database| {
            let id = one.resource_id.as_ref().map(DbResourceId::as_str);
            one.place == name || id == Some(name) || is_among(&one.names, name)
        };
        self.databases.iter().find(is_it)
    }

    /// The domain that is called `name`.
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        let is_it = |one: &&Domain| {
            one.place == name || one.arn.as_deref() == Some(name) || is_among(&one.names, name)
        };
        self.domains.iter().find(is_it)
    }

    /// The association for a service account.
    pub fn association(&self, account: &ServiceAccount) -> Option<&Association> {
        let is_it = |one: &&Association| one.service_account.as_ref() == Some(account);
        self.associations.iter().find(is_it)
    }

    /// All policies, each with the kind that it is.
    pub fn policies(&self) -> Vec<(irsa_policy::PolicyKind, &Source)> {
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
        let mut policies: Vec<(_, &Source)> = Vec::new();
        for (kind, sources) in of_roles.chain(of_domains) {
            for source in sources {
                // A managed policy may be attached to many roles.
                if !policies
                    .iter()
                    .any(|(_, other)| other.place == source.place)
                {
                    policies.push((kind, source));
                }
            }
        }
        policies
    }
}

// === impl Source ===

impl Source {
    /// A policy, with nothing in its place that a terminal would obey.
    pub fn new(place: &str, text: Option<String>) -> Self {
        let place = printable(place);
        Self {
            place,
            text,
            attachment: None,
        }
    }

    /// The policy, attached there.
    #[must_use]
    pub fn attached(mut self, attachment: Attachment) -> Self {
        self.attachment = Some(attachment);
        self
    }
}

// === impl Role ===

impl Role {
    /// The partition and account, by whatever tells them.
    pub fn home(&self) -> Option<(Partition, AccountId)> {
        let of_arn = self.arn.as_ref();
        of_arn
            .map(|arn| (arn.partition(), arn.account().clone()))
            .or_else(|| self.home.clone())
    }

    /// Whether `name` is its ARN, its name, or its name for messages.
    pub fn is_called(&self, name: &str) -> bool {
        let arn = self.arn.as_ref().map(RoleArn::as_str);
        let by_arn = || {
            let arn: RoleArn = name.parse().ok()?;
            let is_here = self
                .home
                .as_ref()
                .is_none_or(|(_, account)| account == arn.account());
            (self.arn.is_none() && is_here).then_some(self.name.as_deref() == Some(arn.name()))
        };
        self.place == name
            || arn == Some(name)
            || self.name.as_deref() == Some(name)
            || by_arn() == Some(true)
    }
}

/// Host names are the same in upper and lower case, and may have a port.
fn is_among(names: &[String], name: &str) -> bool {
    let host = name.split_once(':').map_or(name, |(host, _)| host);
    names.iter().any(|other| other.eq_ignore_ascii_case(host))
}
