//! Validation of a world: compiles policies, derives host names, and collects all mistakes.

mod cluster;
mod domain;
mod role;
mod workload;

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use irsa_chain::{AccountId, OidcProviderArn, Partition, RoleArn};
use serde_saphyr::Spanned;

use super::file::{AssociationEntry, KubernetesEntry, ProviderEntry, WorldFile};
use super::{Association, Domain, Kubernetes, OidcProvider, Role, World};

/// All mistakes in a world, each with its line if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldError {
    mistakes: Vec<String>,
}

impl WorldError {
    pub(super) fn one(mistake: String) -> Self {
        Self {
            mistakes: vec![mistake],
        }
    }

    /// The mistakes in the order of the checks.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mistakes.join("; "))
    }
}

impl std::error::Error for WorldError {}

/// Validates a world, and returns it only if there are no mistakes.
pub(super) fn world(file: WorldFile) -> Result<World, WorldError> {
    let mut check = Check {
        partition: file.region.partition(),
        accounts: file.accounts,
        mistakes: Vec::new(),
    };
    let kubernetes = check.kubernetes(file.kubernetes);
    let oidc_providers = each(file.oidc_providers, |entry| check.provider(entry));
    check.all_differ("role", file.roles.iter().map(|role| &role.arn));
    let roles = each(file.roles, |entry| check.role(entry).map(Arc::new));
    let roles: Vec<Arc<Role>> = roles.into_iter().flatten().collect();
    let associations = each(file.pod_identity_associations, |entry| {
        check.association(entry, &roles)
    });
    check.all_differ("cluster", file.clusters.iter().map(|cluster| &cluster.name));
    let clusters = each(file.clusters, |entry| check.cluster(entry, &file.region));
    check.all_differ("domain", file.domains.iter().map(|domain| &domain.name));
    let domains = each(file.domains, |entry| {
        check.domain(entry, &file.region).map(Arc::new)
    });
    let domains: Vec<Arc<Domain>> = domains.into_iter().flatten().collect();
    check.all_differ(
        "workload",
        file.workloads.iter().map(|workload| &workload.name),
    );
    let workloads = each(file.workloads, |entry| {
        check.workload(entry, &clusters, &domains)
    });
    let node_role = check.known_role(&roles, &file.node_role);
    match node_role {
        Some(node_role) if check.mistakes.is_empty() => Ok(World {
            region: file.region,
            accounts: check.accounts,
            kubernetes,
            oidc_providers,
            roles,
            node_role,
            associations,
            clusters,
            domains,
            workloads,
        }),
        _ => Err(WorldError {
            mistakes: check.mistakes,
        }),
    }
}

fn each<T, U>(entries: Vec<T>, checked: impl FnMut(T) -> U) -> Vec<U> {
    entries.into_iter().map(checked).collect()
}

/// The state of the validation: the known accounts, and the mistakes so far.
struct Check {
    partition: Partition,
    accounts: Vec<AccountId>,
    mistakes: Vec<String>,
}

impl Check {
    fn kubernetes(&mut self, entry: KubernetesEntry) -> Kubernetes {
        self.account(&entry.account);
        Kubernetes {
            name: entry.name,
            account: entry.account.value,
            issuer: entry.issuer,
        }
    }

    fn provider(&mut self, entry: ProviderEntry) -> OidcProvider {
        self.account(&entry.account);
        let account = entry.account.value;
        let arn = OidcProviderArn::new(self.partition, &account, &entry.issuer);
        OidcProvider {
            account,
            issuer: entry.issuer,
            client_ids: entry.client_ids,
            arn,
        }
    }

    fn association(&mut self, entry: AssociationEntry, roles: &[Arc<Role>]) -> Association {
        self.known_role(roles, &entry.role);
        Association {
            service_account: entry.service_account,
            role: entry.role.value,
        }
    }

    fn known_role(&mut self, roles: &[Arc<Role>], arn: &Spanned<RoleArn>) -> Option<Arc<Role>> {
        let found = roles.iter().find(|role| role.arn == arn.value).cloned();
        if found.is_none() {
            self.mistake(arn, format_args!("there is no role `{}`", arn.value));
        }
        found
    }

    fn account(&mut self, account: &Spanned<AccountId>) {
        if !self.accounts.contains(&account.value) {
            self.mistake(
                account,
                format_args!("account `{}` is not in `accounts`", account.value),
            );
        }
    }

    fn all_differ<'a, T>(&mut self, what: &str, names: impl Iterator<Item = &'a Spanned<T>>)
    where
        T: Eq + Hash + fmt::Display + 'a,
    {
        let mut seen = HashSet::new();
        for name in names {
            if !seen.insert(&name.value) {
                self.mistake(
                    name,
                    format_args!("{what} `{}` is listed twice", name.value),
                );
            }
        }
    }

    /// Checks a name that becomes part of host names or file names.
    fn label<T>(&mut self, what: &str, name: &str, at: &Spanned<T>) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends_well = !name.starts_with('-') && !name.ends_with('-');
        if name.is_empty() || name.len() > 63 || !name.bytes().all(fits) || !ends_well {
            let rule = "1 to 63 lowercase letters, digits and inner hyphens";
            self.mistake(
                at,
                format_args!("{what} `{name}` is invalid: it must have {rule}"),
            );
        }
    }

    fn mistake<T>(&mut self, at: &Spanned<T>, text: impl fmt::Display) {
        let line = at.referenced.line();
        self.mistakes.push(if line == 0 {
            text.to_string()
        } else {
            format!("line {line}: {text}")
        });
    }
}

#[cfg(test)]
mod tests;
