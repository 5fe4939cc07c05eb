//! Decisions about indices, from the roles of OpenSearch's security plugin.

use std::collections::HashSet;

use irsa_chain::Link;
use irsa_policy::TextPattern;

use super::Row;
use super::neighbors::{GroupKey, NeighborRows};
use crate::stack::{IndexPrivilege, OpenSearchStore, SecurityRole, Stack, Workload};

/// A workload's own indices, and those of every other workload of the domain.
pub(super) fn rows(stack: &Stack, workload: &Workload) -> Vec<Row> {
    let Some((store, role)) = own_role(stack, workload) else {
        return Vec::new();
    };
    let row = |question, expected, privilege, index: &str| {
        row(
            (store, workload, role),
            question,
            expected,
            privilege,
            index,
        )
    };
    let own = role.indices.iter().map(|(pattern, privilege)| {
        let question = format!("{} {} in {}", privilege.name(), sample(pattern), store.key);
        row(question, true, *privilege, &sample(pattern))
    });
    let others = store.roles.iter().filter(|other| other.name != role.name);
    let others = others.flat_map(|other| &other.indices);
    // What others only read is someone else's; the own patterns say what this workload may do there.
    let foreign = others.filter(|(pattern, privilege)| {
        *privilege > IndexPrivilege::Read && !role.indices.iter().any(|(own, _)| own == pattern)
    });
    let mut neighbors = NeighborRows::default();
    for (pattern, _) in foreign {
        let index = foreign_sample(pattern, role);
        let question = format!("read {index} in {}", store.key);
        let row = row(question, false, IndexPrivilege::Read, &index);
        if row.is_denied() {
            neighbors.push_to_group(GroupKey::new(), || row);
        } else {
            neighbors.push(row);
        }
    }
    let read_only = role
        .indices
        .iter()
        .filter(|(_, privilege)| *privilege == IndexPrivilege::Read);
    let read_only = read_only.map(|(pattern, _)| {
        let question = format!("write {} in {}", sample(pattern), store.key);
        row(question, false, IndexPrivilege::Write, &sample(pattern))
    });
    let mut rows: Vec<_> = own.chain(neighbors.into_rows()).chain(read_only).collect();
    rows.dedup();
    rows
}

fn own_role<'s>(
    stack: &'s Stack,
    workload: &Workload,
) -> Option<(&'s OpenSearchStore, &'s SecurityRole)> {
    let used = workload.opensearch.as_ref()?;
    let store = stack.opensearch_store(&used.store)?;
    let name = used.security_role.as_ref()?;
    let role = store.roles.iter().find(|role| role.name == *name)?;
    Some((store, role))
}

/// Decides from all roles that the workload's IAM role is mapped to: its own, and those of workloads with the same IAM
/// role.
fn row(
    (store, workload, own): (&OpenSearchStore, &Workload, &SecurityRole),
    question: String,
    expected: bool,
    privilege: IndexPrivilege,
    index: &str,
) -> Row {
    let allows = |(pattern, granted): &&(String, IndexPrivilege)| {
        *granted >= privilege && TextPattern::new(pattern).matches(index)
    };
    let granted = own.indices.iter().find(allows);
    let granted = granted.map(|(pattern, privilege)| {
        format!("irsa.yaml grants `{}` on `{pattern}`", privilege.name())
    });
    let of_others = || {
        let mapped = store.mappings.iter();
        let mut mapped = mapped.filter(|mapping| mapping.backend_roles.contains(&workload.role));
        mapped.find_map(|mapping| {
            let role = store.roles.iter().find(|role| role.name == mapping.role);
            let allows = role.is_some_and(|role| role.indices.iter().any(|one| allows(&one)));
            // The permissions of a built-in role are unknown here, and `all_access` has all.
            (allows || mapping.is_built_in)
                .then(|| format!("its IAM role is also mapped to `{}`", mapping.role))
        })
    };
    let granted = granted.or_else(|| if expected { None } else { of_others() });
    let allowed = granted.is_some();
    Row {
        workload: workload.key.clone(),
        question,
        expected,
        allowed: Some(allowed),
        link: (!allowed).then_some(Link::Grant),
        shared: granted.filter(|_| !expected),
        others: 0,
    }
}

/// An index that the pattern matches.
fn sample(pattern: &str) -> String {
    pattern.replace('*', "-x")
}

/// An index that the pattern matches, and one of the role's own patterns, too, if there is one.
fn foreign_sample(pattern: &str, role: &SecurityRole) -> String {
    let plain = sample(pattern);
    let mut own = role.indices.iter().map(|(own, _)| own);
    if own.clone().any(|own| TextPattern::new(own).matches(&plain)) {
        return plain;
    }
    own.find_map(|own| common(own, pattern)).unwrap_or(plain)
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
