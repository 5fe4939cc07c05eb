//! Pods.

use irsa_chain::ServiceAccount;
use serde::Deserialize;

use super::metadata::Metadata;
use super::pod_container::Container;
use super::pod_status::PodStatus;
use super::pod_volume::Volume;

/// The service account of a pod that does not name one; the API server fills it in.
const DEFAULT_ACCOUNT: &str = "default";
/// The annotation of a mirror pod, which represents a static pod in the API. Such a pod gets no token.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Pod {
    /// Its name, labels, annotations and age.
    pub metadata: Metadata,
    /// Its specification.
    #[serde(default)]
    pub spec: PodSpec,
    /// Its status.
    #[serde(default)]
    pub status: PodStatus,
}

/// The specification of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The name of the service account; empty for `default`.
    pub service_account_name: String,
    /// The pod uses the node's network, including its instance metadata.
    pub host_network: bool,
    /// The node that it runs on.
    pub node_name: Option<String>,
    /// The init containers, including native sidecars.
    pub init_containers: Vec<Container>,
    /// The containers.
    pub containers: Vec<Container>,
    /// The volumes.
    pub volumes: Vec<Volume>,
}

impl Pod {
    /// The service account that it runs as.
    pub fn service_account(&self) -> Option<ServiceAccount> {
        let name = Some(self.spec.service_account_name.as_str()).filter(|name| !name.is_empty());
        ServiceAccount::new(&self.metadata.namespace, name.unwrap_or(DEFAULT_ACCOUNT)).ok()
    }

    /// The object with the pod's template, in kubectl's notation: `deployment/keycloak`, `statefulset/db`, or the pod
    /// itself: `pod/shell`. The name of a Deployment's ReplicaSet is the Deployment's name and the template's hash.
    pub fn template(&self) -> String {
        let Some(owner) = self.metadata.owners.first() else {
            return format!("pod/{}", self.metadata.name);
        };
        match owner.name.rsplit_once('-') {
            Some((deployment, _)) if owner.kind == "ReplicaSet" => {
                format!("deployment/{deployment}")
            }
            _ => format!("{}/{}", owner.kind.to_lowercase(), owner.name),
        }
    }

    /// All containers in their start order.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        let spec = &self.spec;
        spec.init_containers.iter().chain(&spec.containers)
    }

    /// The containers that run as long as the pod: native sidecars and the pod's own containers. Other init containers
    /// have ended by then.
    pub fn lasting_containers(&self) -> impl Iterator<Item = &Container> {
        let spec = &self.spec;
        let sidecars = spec.init_containers.iter();
        sidecars
            .filter(|container| container.is_native_sidecar())
            .chain(&spec.containers)
    }

    /// The container with this name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers().find(|container| container.name == name)
    }

    /// The volume with this name.
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.spec.volumes.iter().find(|volume| volume.name == name)
    }

    /// Returns whether it is the mirror pod of a static pod.
    pub fn is_mirror(&self) -> bool {
        self.metadata.annotations.contains_key(MIRROR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_object_with_its_template() {
        for (owners, template) in [
            ("[]", "pod/web"),
            (
                r#"[{"kind": "ReplicaSet", "name": "key-cloak-6d4f"}]"#,
                "deployment/key-cloak",
            ),
            (
                r#"[{"kind": "StatefulSet", "name": "zeebe"}]"#,
                "statefulset/zeebe",
            ),
        ] {
            let text = format!(r#"{{"metadata": {{"name": "web", "ownerReferences": {owners}}}}}"#);
            let pod: Pod = serde_json::from_str(&text).unwrap();
            assert_eq!(pod.template(), template);
        }
    }
}
