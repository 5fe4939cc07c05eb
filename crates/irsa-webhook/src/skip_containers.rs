//! `eks.amazonaws.com/skip-containers`: the containers that EKS gives no credentials.

use std::collections::BTreeSet;

use irsa_sidecar::CONTAINER;
use irsa_sidecar::names::eks::SKIP_CONTAINERS;

use crate::pod::Pod;

/// The containers that EKS skips. Its webhook reads the first CSV record (Go, encoding/csv), does not trim the names, and
/// skips no container if the record is malformed.
fn skipped(pod: Pod<'_>) -> BTreeSet<&str> {
    let lines = list(pod).split('\n');
    let record = lines
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .find(|line| !line.is_empty());
    let fields = record.unwrap_or_default().split(',').map(unquoted);
    fields.collect::<Option<_>>().unwrap_or_default()
}

/// A field of a record, or `None` if it is malformed or contains quotes.
fn unquoted(field: &str) -> Option<&str> {
    let inner = field
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Some(inner.unwrap_or(field)).filter(|name| !name.contains('"'))
}

fn list(pod: Pod<'_>) -> &str {
    pod.annotation(SKIP_CONTAINERS).unwrap_or_default()
}

/// Returns whether EKS skips the sidecar.
pub(crate) fn has_sidecar(pod: Pod<'_>) -> bool {
    skipped(pod).contains(CONTAINER)
}

/// Returns whether this is a name in the list as it must be. The API server rejects names that are not DNS labels.
fn is_other(name: &&str) -> bool {
    let mut bytes = name.bytes();
    *name != CONTAINER
        && !name.is_empty()
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The names of the other containers.
fn others(pod: Pod<'_>) -> impl Iterator<Item = &str> {
    let names = pod.containers().filter_map(|one| one.name());
    names.filter(is_other)
}

/// Returns whether EKS skips all other containers.
pub(crate) fn has_all_others(pod: Pod<'_>) -> bool {
    let skipped = skipped(pod);
    others(pod).all(|name| skipped.contains(name))
}

/// The list that names all other containers and not the sidecar, or `None` if it is already there. Any other text is
/// replaced, even if it has the same names: EKS may read it differently.
pub(crate) fn without_sidecar(pod: Pod<'_>) -> Option<String> {
    let kept = list(pod).split(',').map(str::trim).filter(is_other);
    let mut seen = BTreeSet::new();
    let names = kept.chain(others(pod)).filter(|name| seen.insert(*name));
    let names = names.collect::<Vec<_>>().join(",");
    Some(names).filter(|names| names != list(pod))
}
