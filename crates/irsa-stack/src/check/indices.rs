//! Decisions about indices, from the roles of OpenSearch's security plugin.

use std::collections::HashSet;

use irsa_chain::Link;
use irsa_policy::TextPattern;

use super::Row;
use super::neighbors::{GroupKey, NeighborRows};
use crate::stack::{IndexPrivilege, Mapping, OpenSearchStore, SecurityRole, Stack, Workload};

/// A workload's own indices, and those of every other workload of the domain.
pub(super) fn rows(stack: &Stack, workload: &Workload) -> Vec<Row> {
    let Some(grants) = Grants::from_workload(stack, workload) else {
        return Vec::new();
    };
    let own = grants.own.iter();
    let read_only = own
        .clone()
        .filter(|one| one.privilege == IndexPrivilege::Read);
    let own = own.map(|one| grants.row(one.privilege, &sample(one.pattern), true));
    let read_only = read_only.map(|one| {
        let index = sample(one.pattern);
        grants.row(IndexPrivilege::Write, &index, false)
    });
    let mut rows: Vec<_> = own.chain(grants.neighbors()).chain(read_only).collect();
    rows.dedup();
    rows
}

/// What a workload may do with indices.
struct Grants<'s> {
    store: &'s OpenSearchStore,
    workload: &'s Workload,
    /// Its role of the security plugin, which irsa.yaml defines.
    role: &'s SecurityRole,
    own: Vec<Granted<'s>>,
    /// The other roles that its IAM role is mapped to: those of workloads with the same IAM role. The permissions of a
    /// built-in role are unknown here, and `all_access` has all.
    mapped: Vec<(&'s Mapping, Vec<Granted<'s>>)>,
}

/// A privilege on the indices that match a pattern.
struct Granted<'s> {
    pattern: &'s str,
    matcher: TextPattern,
    privilege: IndexPrivilege,
}

// === impl Grants ===

impl<'s> Grants<'s> {
    fn from_workload(stack: &'s Stack, workload: &'s Workload) -> Option<Self> {
        let used = workload.opensearch.as_ref()?;
        let store = stack.opensearch_store(&used.store)?;
        let name = used.security_role.as_ref()?;
        let find = |name: &str| store.roles.iter().find(|role| role.name == name);
        let role = find(name)?;
        let mapped = store.mappings.iter();
        let mapped =
            mapped.filter(|one| one.role != *name && one.backend_roles.contains(&workload.role));
        let mapped = mapped.map(|mapping| {
            let granted = find(&mapping.role).map(Granted::all);
            (mapping, granted.unwrap_or_default())
        });
        Some(Self {
            store,
            workload,
            role,
            own: Granted::all(role),
            mapped: mapped.collect(),
        })
    }

    /// The indices of other workloads. What others only read is someone else's; the own patterns say what this workload
    /// may do there.
    fn neighbors(&self) -> Vec<Row> {
        let is_own = |pattern: &String| self.own.iter().any(|own| own.pattern == pattern);
        let others = self.store.roles.iter();
        let others = others.filter(|other| other.name != self.role.name);
        let others = others.flat_map(|other| &other.indices);
        let mut rows = NeighborRows::default();
        for (pattern, privilege) in others {
            if *privilege == IndexPrivilege::Read || is_own(pattern) {
                continue;
            }
            let index = self.foreign_sample(pattern);
            let row = || self.row(IndexPrivilege::Read, &index, false);
            if self.reason(IndexPrivilege::Read, &index, false).is_some() {
                rows.push(row());
            } else {
                rows.push_to_group(GroupKey::new(), row);
            }
        }
        rows.into_rows()
    }

    fn row(&self, privilege: IndexPrivilege, index: &str, expected: bool) -> Row {
        let reason = self.reason(privilege, index, expected);
        let allowed = reason.is_some();
        Row {
            workload: self.workload.key.clone(),
            question: format!("{} {index} in {}", privilege.name(), self.store.key),
            request: None,
            expected,
            allowed: Some(allowed),
            link: (!allowed).then_some(Link::Grant),
            shared: reason.filter(|_| !expected),
            others: 0,
        }
    }

    /// The reason why the workload has a privilege on an index; `None` if it does not have it. What it needs must come
    /// from its own role.
    fn reason(&self, privilege: IndexPrivilege, index: &str, is_needed: bool) -> Option<String> {
        let allows = |one: &&Granted<'_>| one.allows(privilege, index);
        if let Some(own) = self.own.iter().find(allows) {
            let (privilege, pattern) = (own.privilege.name(), own.pattern);
            return Some(format!("irsa.yaml grants `{privilege}` on `{pattern}`"));
        }
        let mut mapped = self.mapped.iter().filter(|_| !is_needed);
        let (mapping, _) = mapped.find(|(mapping, granted)| {
            mapping.is_built_in || granted.iter().any(|one| one.allows(privilege, index))
        })?;
        Some(format!("its IAM role is also mapped to `{}`", mapping.role))
    }

    /// An index that the pattern matches, and one of the own patterns, too, if there is one.
    fn foreign_sample(&self, pattern: &str) -> String {
        let plain = sample(pattern);
        if self.own.iter().any(|own| own.matcher.matches(&plain)) {
            return plain;
        }
        let mut own = self.own.iter();
        own.find_map(|own| common(own.pattern, pattern))
            .unwrap_or(plain)
    }
}

// === impl Granted ===

impl<'s> Granted<'s> {
    fn all(role: &'s SecurityRole) -> Vec<Self> {
        let granted = |(pattern, privilege): &'s (String, IndexPrivilege)| Self {
            pattern,
            matcher: TextPattern::new(pattern),
            privilege: *privilege,
        };
        role.indices.iter().map(granted).collect()
    }

    fn allows(&self, privilege: IndexPrivilege, index: &str) -> bool {
        self.privilege >= privilege && self.matcher.matches(index)
    }
}

/// An index that the pattern matches.
fn sample(pattern: &str) -> String {
    pattern.replace('*', "-x")
}

/// A text that both patterns match.
fn common(one: &str, other: &str) -> Option<String> {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // The pairs of suffixes that were looked at: each is at most once.
    let mut seen = HashSet::new();
    let mut open = vec![(one, other, String::new())];
    while let Some((one, other, text)) = open.pop() {
        if !seen.insert((one.len(), other.len())) {
            continue;
        }
        match (one.split_first(), other.split_first()) {
            (None, None) => return Some(text),
            (Some((b'*', rest)), _) => {
                open.push((rest, other, text.clone()));
                if let Some((letter, after)) = other.split_first() {
                    let letter = Some(char::from(*letter)).filter(|letter| *letter != '*');
                    open.push((one, after, text.chars().chain(letter).collect()));
                }
            }
            (_, Some((b'*', rest))) => {
                open.push((one, rest, text.clone()));
                if let Some((letter, after)) = one.split_first() {
                    open.push((after, other, text + &char::from(*letter).to_string()));
                }
            }
            (Some((letter, one)), Some((same, other))) if letter == same => {
                open.push((one, other, text + &char::from(*letter).to_string()));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_a_text_in_common_or_not() {
        for (one, other, expected) in [
            ("a-*", "*-b", true),
            ("*", "x", true),
            ("a*c", "*b*", true),
            ("a*", "b*", false),
            ("ab", "a*b", true),
            ("ab", "a*bc", false),
            ("***a", "b**", true),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                let found = common(one, other);
                assert_eq!(found.is_some(), expected, "{one} {other}");
                if let Some(text) = found {
                    let matches = |pattern| TextPattern::new(pattern).matches(&text);
                    assert!(matches(one) && matches(other), "{one} {other}: {text}");
                }
            }
        }
    }
}
