//! `eks.amazonaws.com/skip-containers`: the containers that EKS gives no credentials.

use irsa_sidecar::CONTAINER;
use irsa_sidecar::names::eks::SKIP_CONTAINERS;

use crate::pod::Pod;

fn listed(pod: Pod<'_>) -> impl Iterator<Item = &str> {
    let list = pod.annotation(SKIP_CONTAINERS).unwrap_or_default();
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// Returns whether the list names the sidecar.
pub(crate) fn has_sidecar(pod: Pod<'_>) -> bool {
    listed(pod).any(|name| name == CONTAINER)
}

/// The names of the other containers. The API server rejects names that are not DNS labels.
fn others(pod: Pod<'_>) -> impl Iterator<Item = &str> {
    let is_label = |name: &&str| {
        let mut bytes = name.bytes();
        !name.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let names = pod.containers().filter_map(|one| one.name());
    names.filter(|name| *name != CONTAINER).filter(is_label)
}

/// Returns whether the list names all other containers.
pub(crate) fn has_all_others(pod: Pod<'_>) -> bool {
    others(pod).all(|name| listed(pod).any(|one| one == name))
}

/// The list that names all other containers and not the sidecar, or `None` if it is already there.
pub(crate) fn without_sidecar(pod: Pod<'_>) -> Option<String> {
    if has_all_others(pod) && !has_sidecar(pod) {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    let kept = listed(pod).filter(|name| *name != CONTAINER);
    for name in kept.chain(others(pod)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names.join(","))
}
