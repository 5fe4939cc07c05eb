//! Pods without the sidecar that they ask for, which were created while the webhook did not run.

use irsa_sidecar::CONTAINER;
use serde_json::Value;

use crate::facts::Facts;
use crate::plan::check_requested;
use crate::pod::Pod;
use crate::settings::Settings;
use crate::sources::Sources;

/// Returns whether the pod asks for a sidecar and lacks it. `pod` needs only the metadata and the names of the
/// containers. A pod whose service account or namespace could not be read is not reported.
pub fn lacks_sidecar(pod: &Value, namespace: &str, facts: &Facts, settings: &Settings) -> bool {
    let pod = Pod::new(pod);
    if pod.is_mirror() || pod.container(CONTAINER).is_some() || facts.failure().is_some() {
        return false;
    }
    check_requested(&Sources { pod, facts }, namespace, settings).is_ok()
}
