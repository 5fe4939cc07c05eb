//! Decides what to change, from what the setup wants and what the domain has.

use std::collections::BTreeSet;

use irsa_chain::untrusted::quoted;
use irsa_stack::Stack;
use irsa_stack::security_plugin::{MappingBody, RoleBody, append_backend_roles};
use irsa_stack::stack::{Mapping, OpenSearchStore, SecurityRole};

use super::api::Request;
use super::found::{Caller, Found, FoundMapping, Snapshot};
use super::guard;
use crate::{ApplyError, ownership_mark};

pub(super) const ROLES: &str = "roles";
pub(super) const MAPPINGS: &str = "rolesmapping";

/// Something that is compared with the domain, and made if it differs.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// A role of this setup.
    Role { name: String, wanted: RoleBody },
    /// The backend roles of a role.
    Mapping {
        role: String,
        is_built_in: bool,
        wanted: MappingBody,
    },
    /// A role that this setup created, and no longer has.
    Removal { role: String },
}

/// The action for an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// Nothing: it is as wanted.
    Held,
    /// Send these requests, one after the other.
    Write(Vec<Request>),
    /// It can't be made.
    Refused(ApplyError),
}

/// Returns the items to compare with the domain: roles first, because a mapping needs its role.
pub(super) fn items(stack: &Stack, store: &OpenSearchStore) -> Vec<Item> {
    let role = |role: &SecurityRole| Item::Role {
        name: role.name.clone(),
        wanted: RoleBody::new(stack, role),
    };
    let mapping = |mapping: &Mapping| Item::Mapping {
        role: mapping.role.clone(),
        is_built_in: mapping.is_built_in,
        wanted: MappingBody::new(stack, mapping),
    };
    let roles = store.roles.iter().map(role);
    roles.chain(store.mappings.iter().map(mapping)).collect()
}

/// The roles that this setup created, and no longer has in any domain: two stores can be one domain.
pub(super) fn leftovers(found: &Found, stack: &Stack, mark: &str) -> Vec<String> {
    let stores = || stack.opensearch.iter();
    let roles = stores().flat_map(|store| &store.roles);
    let mappings = stores().flat_map(|store| &store.mappings);
    let names = roles.map(|role| role.name.as_str());
    let wanted: BTreeSet<_> = names.chain(mappings.map(|one| one.role.as_str())).collect();
    let left = found.marked(mark).into_iter();
    left.filter(|name| !wanted.contains(name))
        .map(str::to_owned)
        .collect()
}

/// The common part of the decisions about a store.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) mark: String,
    pub(super) caller: Caller,
}

// === impl Rules ===

impl Rules {
    pub(super) fn new(stack: &Stack, caller: Caller) -> Self {
        Self {
            mark: ownership_mark(stack),
            caller,
        }
    }

    /// Compares an item with the role of its name and its mapping.
    pub(super) fn decide(&self, item: &Item, found: &Snapshot) -> Decision {
        match item {
            Item::Role { name, wanted } => self.role(name, wanted, found),
            Item::Mapping {
                role,
                is_built_in,
                wanted,
            } => self.mapping(role, *is_built_in, wanted, found),
            Item::Removal { role } => self.removal(role, found),
        }
    }

    fn role(&self, name: &str, wanted: &RoleBody, found: &Snapshot) -> Decision {
        let put = || Decision::Write(vec![Request::put(ROLES, name, wanted)]);
        let Some(role) = &found.role else {
            return put();
        };
        if let Some(refusal) = self.foreign(name, found) {
            return Decision::Refused(refusal);
        }
        if role.has_permissions(wanted) {
            return Decision::Held;
        }
        match guard::check(name, &self.caller) {
            Ok(()) => put(),
            Err(refusal) => Decision::Refused(refusal),
        }
    }

    fn mapping(
        &self,
        name: &str,
        is_built_in: bool,
        wanted: &MappingBody,
        found: &Snapshot,
    ) -> Decision {
        let refusal = if is_built_in {
            found.role.is_none().then(|| unknown_role(name))
        } else {
            self.foreign(name, found)
        };
        if let Some(refusal) = refusal {
            return Decision::Refused(refusal);
        }
        let Some(mapping) = &found.mapping else {
            return Decision::Write(vec![Request::put(MAPPINGS, name, wanted)]);
        };
        let missing = wanted.backend_roles.iter().map(String::as_str);
        let missing: Vec<_> = missing.filter(|role| !mapping.has(role)).collect();
        if missing.is_empty() {
            return Decision::Held;
        }
        let patch = append_backend_roles(missing);
        Decision::Write(vec![Request::patch(MAPPINGS, name, patch)])
    }

    fn removal(&self, name: &str, found: &Snapshot) -> Decision {
        let mapping = found.mapping.as_ref();
        let role = found.role.as_ref().filter(|role| role.has_mark(&self.mark));
        let is_ours = mapping.is_none_or(|mapping| mapping.has_mark(&self.mark));
        if !is_ours && role.is_some() && mapping.is_some_and(FoundMapping::is_used) {
            return Decision::Refused(used_by_others(name));
        }
        let mut requests = Vec::new();
        if is_ours && mapping.is_some() {
            requests.push(Request::delete(MAPPINGS, name));
        }
        if role.is_some() {
            requests.push(Request::delete(ROLES, name));
        }
        match guard::check(name, &self.caller) {
            _ if requests.is_empty() => Decision::Held,
            Ok(()) => Decision::Write(requests),
            Err(refusal) => Decision::Refused(refusal),
        }
    }

    /// The reason why a role of this name is not this setup's.
    fn foreign(&self, name: &str, found: &Snapshot) -> Option<ApplyError> {
        let role = found.role.as_ref()?;
        let name = quoted(name);
        if role.is_built_in() {
            let message = format!("role {name} belongs to OpenSearch");
            let remedy = "choose another `name` for the setup, or another key for the workload";
            return Some(ApplyError::new(message).with_remedy(remedy));
        }
        if role.has_mark(&self.mark) {
            return None;
        }
        let message = match role.description() {
            "" => format!("role {name} exists, and this setup did not create it"),
            text => format!(
                "role {name} exists, and this setup did not create it: its description is {}",
                quoted(text)
            ),
        };
        let remedy = format!(
            "choose another key for the workload; or, to let this setup replace the role, set its description to `{}`",
            self.mark
        );
        Some(ApplyError::new(message).with_remedy(remedy))
    }
}

fn unknown_role(name: &str) -> ApplyError {
    let message = format!("the domain has no role {}", quoted(name));
    let remedy = "correct `opensearch.role` of the workload: `GET _plugins/_security/api/roles` lists the roles";
    ApplyError::new(message).with_remedy(remedy)
}

fn used_by_others(name: &str) -> ApplyError {
    let message = format!(
        "role {} is not removed: its mapping is not this setup's",
        quoted(name)
    );
    let remedy = "remove the mapping first, if no one uses it";
    ApplyError::new(message).with_remedy(remedy)
}

// === impl Item ===

impl Item {
    /// The name of the role.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Role { name, .. } => name,
            Self::Mapping { role, .. } | Self::Removal { role } => role,
        }
    }

    /// The state that is wanted, for the report.
    pub(super) fn what(&self) -> String {
        let name = quoted(self.name());
        match self {
            Self::Role { .. } => format!("role {name} has the permissions of its workload"),
            Self::Mapping { wanted, .. } => {
                format!(
                    "role {name} is mapped to {}",
                    wanted.backend_roles.join(", ")
                )
            }
            Self::Removal { .. } => format!("role {name} is removed"),
        }
    }
}

#[cfg(test)]
mod tests;
