//! Decisions about indices, from the roles of OpenSearch's security plugin.

use irsa_chain::Link;
use irsa_policy::TextPattern;

use super::Row;
use crate::stack::{IndexPrivilege, OpenSearchStore, SecurityRole, Stack, Workload};

/// A workload's own indices, and those of every other workload of the domain.
pub(super) fn rows(stack: &Stack, workload: &Workload) -> Vec<Row> {
    let Some((store, role)) = own_role(stack, workload) else {
        return Vec::new();
    };
    let own = role.indices.iter().map(|(pattern, privilege)| {
        let question = format!("{} {} in {}", privilege.name(), sample(pattern), store.key);
        row(workload, question, true, *privilege, role, &sample(pattern))
    });
    let others = store.roles.iter().filter(|other| other.name != role.name);
    let others = others.flat_map(|other| &other.indices);
    // What others only read is someone else's; the own patterns say what this workload may do there.
    let foreign = others.filter(|(pattern, privilege)| {
        *privilege > IndexPrivilege::Read && !role.indices.iter().any(|(own, _)| own == pattern)
    });
    let foreign = foreign.map(|(pattern, _)| {
        let question = format!("read {} in {}", sample(pattern), store.key);
        row(
            workload,
            question,
            false,
            IndexPrivilege::Read,
            role,
            &sample(pattern),
        )
    });
    let read_only = role
        .indices
        .iter()
        .filter(|(_, privilege)| *privilege == IndexPrivilege::Read);
    let read_only = read_only.map(|(pattern, _)| {
        let question = format!("write {} in {}", sample(pattern), store.key);
        row(
            workload,
            question,
            false,
            IndexPrivilege::Write,
            role,
            &sample(pattern),
        )
    });
    let mut rows: Vec<_> = own.chain(foreign).chain(read_only).collect();
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

fn row(
    workload: &Workload,
    question: String,
    expected: bool,
    privilege: IndexPrivilege,
    role: &SecurityRole,
    index: &str,
) -> Row {
    let allows = |(pattern, granted): &(String, IndexPrivilege)| {
        *granted >= privilege && TextPattern::new(pattern).matches(index)
    };
    let granted = role.indices.iter().find(|one| allows(one));
    let allowed = granted.is_some();
    let covers = |(pattern, privilege): &(String, IndexPrivilege)| {
        format!("irsa.yaml gives `{}` on `{pattern}`", privilege.name())
    };
    Row {
        workload: workload.key.clone(),
        question,
        expected,
        allowed: Some(allowed),
        link: (!allowed).then_some(Link::Grant),
        shared: granted.filter(|_| !expected).map(covers),
    }
}

/// An index that the pattern matches.
fn sample(pattern: &str) -> String {
    pattern.replace('*', "-x")
}
