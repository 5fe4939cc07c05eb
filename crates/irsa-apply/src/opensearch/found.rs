//! What a domain has, as the security plugin's API returns it.

use std::collections::{BTreeMap, BTreeSet};

use irsa_stack::security_plugin::{IndexBody, RoleBody};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// All roles and mappings, by role.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) roles: BTreeMap<String, FoundRole>,
    pub(super) mappings: BTreeMap<String, FoundMapping>,
}

/// A role and its mapping.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) role: Option<FoundRole>,
    pub(super) mapping: Option<FoundMapping>,
}

/// A role. Missing lists are empty ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct FoundRole {
    description: Option<String>,
    reserved: bool,
    hidden: bool,
    #[serde(rename = "static")]
    is_static: bool,
    #[serde(deserialize_with = "list")]
    cluster_permissions: Vec<String>,
    #[serde(deserialize_with = "list")]
    index_permissions: Vec<FoundIndex>,
    #[serde(deserialize_with = "list")]
    tenant_permissions: Vec<Value>,
}

/// The permissions of a role on index patterns.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct FoundIndex {
    #[serde(deserialize_with = "list")]
    index_patterns: Vec<String>,
    dls: Option<String>,
    #[serde(deserialize_with = "list")]
    fls: Vec<String>,
    #[serde(deserialize_with = "list")]
    masked_fields: Vec<String>,
    #[serde(deserialize_with = "list")]
    allowed_actions: Vec<String>,
}

/// The backend roles, users and hosts that have a role.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct FoundMapping {
    description: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) backend_roles: Vec<String>,
    #[serde(deserialize_with = "list")]
    and_backend_roles: Vec<String>,
    #[serde(deserialize_with = "list")]
    users: Vec<String>,
    #[serde(deserialize_with = "list")]
    hosts: Vec<String>,
}

/// The caller ("Authentication info" of the security plugin's API).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Caller {
    pub(super) user_name: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) roles: Vec<String>,
}

// === impl Found ===

impl Found {
    /// The role and the mapping of this name.
    pub(super) fn snapshot(&self, name: &str) -> Snapshot {
        Snapshot {
            role: self.roles.get(name).cloned(),
            mapping: self.mappings.get(name).cloned(),
        }
    }

    /// Names of roles and mappings that carry the mark.
    pub(super) fn marked(&self, mark: &str) -> BTreeSet<&str> {
        let roles = self.roles.iter().filter(|(_, role)| role.has_mark(mark));
        let mappings = self.mappings.iter();
        let mappings = mappings.filter(|(_, mapping)| mapping.has_mark(mark));
        let names = roles.map(|(name, _)| name);
        let names = names.chain(mappings.map(|(name, _)| name));
        names.map(String::as_str).collect()
    }
}

// === impl FoundRole ===

impl FoundRole {
    pub(super) fn has_mark(&self, mark: &str) -> bool {
        self.description.as_deref() == Some(mark)
    }

    pub(super) fn description(&self) -> &str {
        self.description.as_deref().unwrap_or_default()
    }

    /// Returns whether it belongs to OpenSearch or AWS.
    pub(super) fn is_built_in(&self) -> bool {
        self.reserved || self.hidden || self.is_static
    }

    /// Returns whether it has exactly these permissions, in any order.
    pub(super) fn has_permissions(&self, wanted: &RoleBody) -> bool {
        let indices = self.index_permissions.iter().map(FoundIndex::permissions);
        let wanted_indices = wanted.index_permissions.iter().map(wanted_permissions);
        let cluster: BTreeSet<_> = wanted.cluster_permissions.iter().copied().collect();
        self.tenant_permissions.is_empty()
            && set(&self.cluster_permissions) == cluster
            && indices.collect::<Option<BTreeSet<_>>>() == Some(wanted_indices.collect())
    }
}

/// Patterns and actions.
type Permissions<'p> = (BTreeSet<&'p str>, BTreeSet<&'p str>);

fn wanted_permissions(body: &IndexBody) -> Permissions<'_> {
    let patterns = body.index_patterns.iter().map(String::as_str);
    (
        patterns.collect(),
        body.allowed_actions.iter().copied().collect(),
    )
}

// === impl FoundIndex ===

impl FoundIndex {
    /// Returns patterns and actions; `None` if it is limited to some documents or fields.
    fn permissions(&self) -> Option<Permissions<'_>> {
        let is_limited = self.dls.as_ref().is_some_and(|dls| !dls.is_empty())
            || !self.fls.is_empty()
            || !self.masked_fields.is_empty();
        (!is_limited).then(|| (set(&self.index_patterns), set(&self.allowed_actions)))
    }
}

// === impl FoundMapping ===

impl FoundMapping {
    pub(super) fn has_mark(&self, mark: &str) -> bool {
        self.description.as_deref() == Some(mark)
    }

    pub(super) fn has(&self, backend_role: &str) -> bool {
        self.backend_roles.iter().any(|role| role == backend_role)
    }

    /// Returns whether anyone has the role.
    pub(super) fn is_used(&self) -> bool {
        let lists = [
            &self.backend_roles,
            &self.and_backend_roles,
            &self.users,
            &self.hosts,
        ];
        lists.iter().any(|list| !list.is_empty())
    }

    /// Everyone who has the role, other than these backend roles.
    pub(super) fn others(&self, wanted: &[String]) -> Vec<String> {
        let backend = self.backend_roles.iter();
        let backend = backend.filter(|role| !wanted.contains(role));
        let named = |kind: &'static str| move |name: &String| format!("{kind} {name}");
        let mut others: Vec<_> = backend.map(named("backend role")).collect();
        if !self.and_backend_roles.is_empty() {
            let all = self.and_backend_roles.join(" and ");
            others.push(format!("everyone with the backend roles {all}"));
        }
        others.extend(self.users.iter().map(named("user")));
        others.extend(self.hosts.iter().map(named("host")));
        others
    }
}

fn set(list: &[String]) -> BTreeSet<&str> {
    list.iter().map(String::as_str).collect()
}

/// Reads `null` as an empty list.
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list: Option<Vec<T>> = Option::deserialize(deserializer)?;
    Ok(list.unwrap_or_default())
}
