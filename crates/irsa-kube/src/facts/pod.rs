//! Pods.

use irsa_chain::ServiceAccount;
use serde::Deserialize;

use super::metadata::Metadata;
use super::pod_container::Container;
use super::pod_status::PodStatus;
use super::pod_volume::Volume;

/// The account of a pod that names none; the API server fills it in.
const DEFAULT_ACCOUNT: &str = "default";
/// Carried by the image of a static pod in the API; such a pod gets no token.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Pod {
    /// Its name, labels, annotations and age.
    pub metadata: Metadata,
    /// What it is made of.
    #[serde(default)]
    pub spec: PodSpec,
    /// How far it has come.
    #[serde(default)]
    pub status: PodStatus,
}

/// What a pod is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The service account's name; empty is `default`.
    pub service_account_name: String,
    /// Whether it shares the node's network, instance metadata included.
    pub host_network: bool,
    /// The node that it is on.
    pub node_name: Option<String>,
    /// Containers that run one after the other before the others; sidecars that start before them are among these.
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

    /// What has its template, as kubectl takes it: `deployment/keycloak`, `statefulset/db`, or itself: `pod/shell`.
    /// A Deployment names its ReplicaSets after itself and the template's hash.
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

    /// All containers, those that start first in front.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        let spec = &self.spec;
        spec.init_containers.iter().chain(&spec.containers)
    }

    /// The container of this name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers().find(|container| container.name == name)
    }

    /// The volume of this name.
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.spec.volumes.iter().find(|volume| volume.name == name)
    }

    /// Whether it is only the picture of a static pod.
    pub fn is_mirror(&self) -> bool {
        self.metadata.annotations.contains_key(MIRROR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_has_its_template() {
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
