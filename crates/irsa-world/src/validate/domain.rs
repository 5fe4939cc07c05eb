//! Validation of OpenSearch domains: derives the endpoint and compiles the access policy.

use irsa_chain::Region;
use irsa_policy::PolicyKind;
use serde_saphyr::Spanned;

use super::Check;
use crate::file::{DomainEntry, RoleMappingEntry, SecurityRoleEntry};
use crate::{Domain, RoleMapping, SecurityRole};

/// The built-in roles of the security plugin.
const BUILT_IN_ROLES: [&str; 3] = ["all_access", "readall", "readall_and_monitor"];
/// The length of a domain name (OpenSearch Service API, `DomainName`).
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=28;

impl Check {
    /// Validates a domain; `None` if its access policy is invalid.
    pub(super) fn domain(&mut self, entry: DomainEntry, default_region: &Region) -> Option<Domain> {
        self.account(&entry.account);
        self.label("domain", &entry.name.value, &entry.name);
        self.domain_name(&entry.name);
        self.fine_grained_access(&entry);
        let region = entry
            .region
            .clone()
            .unwrap_or_else(|| default_region.clone());
        let endpoint = self.domain_endpoint(&entry, &region);
        let access_policy = match &entry.access_policy {
            Some(json) => {
                let what = format!("access policy of `{}`", entry.name.value);
                Some(self.policy(PolicyKind::Resource, &what, json)?)
            }
            None => None,
        };
        Some(Domain {
            account: entry.account.value,
            region,
            endpoint,
            access_policy,
            fine_grained: entry.fine_grained,
            master_role: entry.master_role,
            max_request_bytes: entry.max_request_bytes,
            roles: entry.roles.into_iter().map(role).collect(),
            role_mappings: entry.role_mappings.into_iter().map(mapping).collect(),
            name: entry.name.value,
        })
    }

    fn domain_name(&mut self, name: &Spanned<String>) {
        let starts_well = name
            .value
            .starts_with(|first: char| first.is_ascii_lowercase());
        if !NAME_LENGTH.contains(&name.value.len()) || !starts_well {
            let rule = "3 to 28 characters and start with a letter";
            self.mistake(
                name,
                format_args!(
                    "domain name `{}` is invalid: it must have {rule}",
                    name.value
                ),
            );
        }
    }

    fn domain_endpoint(&mut self, entry: &DomainEntry, region: &Region) -> String {
        let name = &entry.name.value;
        match (&entry.endpoint, &entry.dns_id) {
            (Some(endpoint), _) => {
                if endpoint.value.parse::<http::uri::Authority>().is_err()
                    || endpoint.value.contains([':', '@'])
                {
                    self.mistake(
                        endpoint,
                        format_args!("`{}` is not a host name", endpoint.value),
                    );
                }
                endpoint.value.to_ascii_lowercase()
            }
            (None, Some(dns_id)) => {
                self.label("`dns_id`", dns_id, &entry.name);
                let start = if entry.vpc { "vpc" } else { "search" };
                let suffix = region.partition().dns_suffix();
                format!("{start}-{name}-{dns_id}.{region}.es.{suffix}")
            }
            (None, None) => {
                self.mistake(
                    &entry.name,
                    format_args!("domain `{name}` needs `dns_id` or `endpoint`"),
                );
                String::new()
            }
        }
    }

    fn fine_grained_access(&mut self, entry: &DomainEntry) {
        self.all_differ("security role", entry.roles.iter().map(|role| &role.name));
        let name = &entry.name.value;
        for mapping in &entry.role_mappings {
            let role = &mapping.role.value;
            let is_own = entry.roles.iter().any(|one| one.name.value == *role);
            if !is_own && !BUILT_IN_ROLES.contains(&role.as_str()) {
                self.mistake(
                    &mapping.role,
                    format_args!("there is no security role `{role}` in domain `{name}`"),
                );
            }
        }
        let has_any = !entry.roles.is_empty()
            || !entry.role_mappings.is_empty()
            || entry.master_role.is_some();
        if !entry.fine_grained && has_any {
            self.mistake(
                &entry.name,
                format_args!("domain `{name}` has security roles, but `fine_grained` is off"),
            );
        }
    }
}

fn role(entry: SecurityRoleEntry) -> SecurityRole {
    let SecurityRoleEntry {
        name,
        description,
        cluster_permissions,
        index_permissions,
    } = entry;
    SecurityRole {
        name: name.value,
        description,
        cluster_permissions,
        index_permissions,
    }
}

fn mapping(entry: RoleMappingEntry) -> RoleMapping {
    RoleMapping {
        role: entry.role.value,
        backend_roles: entry.backend_roles,
    }
}
