//! The patch that injects a sidecar, or restores what another webhook removed from it.

use irsa_sidecar::names::{VERSION, eks};
use irsa_sidecar::{CONTAINER, Placement};
use serde_json::{Map, Value, json};

use crate::identity::ApplicationIdentity;
use crate::patch::Patch;
use crate::plan::Plan;
use crate::pod::Pod;
use crate::restore::restore;
use crate::settings::Settings;
use crate::skip_containers;

/// The patch for a pod. It is empty if the pod has everything.
///
/// # Errors
/// A part of the sidecar has no JSON form, which no input can cause.
pub(crate) fn patch(
    pod: Pod<'_>,
    plan: &Plan,
    settings: &Settings,
) -> Result<Patch, serde_json::Error> {
    let mut patch = Patch::default();
    let container = serde_json::to_value(plan.sidecar.container())?;
    match pod.container(CONTAINER) {
        Some(found) => restore(&mut patch, &found, &container),
        None => add_container(&mut patch, pod, plan.sidecar.placement, container),
    }
    let volumes = plan.sidecar.volumes().into_iter();
    let missing = volumes.filter(|volume| !pod.has_item("volumes", volume.name));
    let missing = missing.map(|volume| serde_json::to_value(&volume));
    let missing = missing.collect::<Result<_, _>>()?;
    append(&mut patch, pod, "volumes", missing);
    let secrets = settings.pull_secrets.iter();
    let secrets = secrets.filter(|name| !pod.has_item("imagePullSecrets", name));
    let secrets = secrets.map(|name| json!({ "name": name })).collect();
    append(&mut patch, pod, "imagePullSecrets", secrets);
    annotate(&mut patch, pod, annotations(pod, plan, settings));
    Ok(patch)
}

/// The patch without which an injected sidecar would keep the pod from starting: an init container that other webhooks
/// left without `restartPolicy` never completes.
pub(crate) fn keep_running(pod: Pod<'_>) -> Patch {
    let mut patch = Patch::default();
    let sidecar = pod.container(CONTAINER);
    let sidecar = sidecar.filter(|one| one.list == "initContainers" && !one.always_restarts());
    if let Some(sidecar) = sidecar {
        let at = format!("/spec/{}/{}/restartPolicy", sidecar.list, sidecar.index);
        patch.add(at, "Always");
    }
    patch
}

/// A native sidecar starts before all other init containers. Without native sidecars, it comes last, so that the
/// application stays the first container, which `kubectl logs` and `kubectl exec` use by default.
fn add_container(patch: &mut Patch, pod: Pod<'_>, placement: Placement, container: Value) {
    match placement {
        Placement::NativeSidecar => {
            let exists = pod.items("initContainers").is_some();
            patch.prepend("/spec/initContainers", exists, container);
        }
        Placement::Container { .. } => append(patch, pod, "containers", vec![container]),
    }
}

fn append(patch: &mut Patch, pod: Pod<'_>, list: &str, items: Vec<Value>) {
    let exists = pod.items(list).is_some();
    patch.append(&format!("/spec/{list}"), exists, items);
}

/// The annotations that the pod lacks.
fn annotations(pod: Pod<'_>, plan: &Plan, settings: &Settings) -> Map<String, Value> {
    let mut annotations = Map::new();
    let is_new = pod.annotation(VERSION).is_none() || pod.container(CONTAINER).is_none();
    if is_new && pod.annotation(VERSION) != Some(&settings.version) {
        annotations.insert(VERSION.to_owned(), settings.version.clone().into());
    }
    if plan.application == ApplicationIdentity::None
        && let Some(list) = skip_containers::without_sidecar(pod)
    {
        annotations.insert(eks::SKIP_CONTAINERS.to_owned(), list.into());
    }
    annotations
}

fn annotate(patch: &mut Patch, pod: Pod<'_>, annotations: Map<String, Value>) {
    if pod.metadata().is_some() || annotations.is_empty() {
        let exists = pod.annotations().is_some();
        patch.extend("/metadata/annotations", exists, annotations);
    } else {
        patch.add("/metadata", json!({ "annotations": annotations }));
    }
}
