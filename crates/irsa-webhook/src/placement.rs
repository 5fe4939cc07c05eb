//! Where in a pod the sidecar runs.

use irsa_sidecar::{CONTAINER, Placement};

use crate::pod::Pod;
use crate::settings::Settings;
use crate::warnings::Warnings;

/// The time that is left for the kubelet and for closing sessions at the end of the grace period, in seconds.
const RESERVE: u64 = 5;

/// A sidecar that is already there stays where it is.
pub(crate) fn choose(pod: Pod<'_>, settings: &Settings, warnings: &mut Warnings) -> Placement {
    let list = pod.container(CONTAINER).map(|found| found.list);
    let is_native = list.map_or(settings.native_sidecars, |list| list == "initContainers");
    if is_native {
        return Placement::NativeSidecar;
    }
    if pod.runs_to_completion() {
        warnings.add(
            "the pod does not complete while the sidecar runs: Kubernetes 1.29 or later is required for Jobs; stop the \
             sidecar with `POST http://localhost:9440/quitquitquit`",
        );
    }
    let total = pod.grace_period().saturating_sub(RESERVE).max(1);
    let drain_delay = total / 5 * 2;
    Placement::Container {
        drain_delay,
        drain_timeout: total - drain_delay,
    }
}
