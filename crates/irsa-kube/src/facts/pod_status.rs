//! The status of a pod ("PodStatus" in the Kubernetes API reference).

use serde::Deserialize;

/// The status of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`; empty if it is missing.
    pub phase: String,
    reason: String,
    message: String,
    conditions: Vec<Condition>,
    init_container_statuses: Vec<ContainerStatus>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Condition {
    status: String,
    reason: String,
    message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    name: String,
    #[serde(rename = "imageID")]
    image_id: String,
    state: ContainerState,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct ContainerState {
    waiting: Option<Waiting>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Waiting {
    reason: String,
    message: String,
}

/// The waiting reasons of a container that is starting normally.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

impl PodStatus {
    /// The image that a container runs, as the container runtime reports it: usually `REPOSITORY@sha256:DIGEST`. `None`
    /// if the container has not started yet.
    pub fn image_id(&self, container: &str) -> Option<&str> {
        let first = self.init_container_statuses.iter();
        let mut all = first.chain(&self.container_statuses);
        let status = all.find(|status| status.name == container)?;
        Some(status.image_id.as_str()).filter(|id| !id.is_empty())
    }

    /// The reason why it is not running: its own reason, that of a waiting container, or that of an unmet condition.
    pub fn reason(&self) -> Option<String> {
        let own = joined(&self.reason, &self.message);
        own.or_else(|| self.waiting()).or_else(|| self.unmet())
    }

    fn waiting(&self) -> Option<String> {
        let first = self.init_container_statuses.iter();
        let mut all = first.chain(&self.container_statuses);
        all.find_map(|container| {
            let waiting = container.state.waiting.as_ref()?;
            let is_starting = STARTING.contains(&waiting.reason.as_str());
            let why = joined(&waiting.reason, &waiting.message)?;
            (!is_starting).then(|| format!("container {}: {why}", container.name))
        })
    }

    fn unmet(&self) -> Option<String> {
        let mut unmet = self.conditions.iter();
        let unmet = unmet.find(|condition| condition.status == "False")?;
        joined(&unmet.reason, &unmet.message)
    }
}

fn joined(reason: &str, message: &str) -> Option<String> {
    match (reason, message) {
        ("", "") => None,
        (text, "") | ("", text) => Some(text.to_owned()),
        (reason, message) => Some(format!("{reason}: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: &str) -> Option<String> {
        serde_json::from_str::<PodStatus>(status).unwrap().reason()
    }

    #[test]
    fn the_image_of_a_container_is_known_once_it_started() {
        let status = r#"{"initContainerStatuses": [{"name": "irsa", "imageID": "r.example/irsa@sha256:0"}],
                         "containerStatuses": [{"name": "app", "imageID": ""}]}"#;
        let status: PodStatus = serde_json::from_str(status).unwrap();
        assert_eq!(status.image_id("irsa"), Some("r.example/irsa@sha256:0"));
        assert_eq!(status.image_id("app"), None);
        assert_eq!(status.image_id("other"), None);
    }

    #[test]
    fn reports_why_a_pod_is_not_running() {
        for (status, expected) in [
            (
                r#"{"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}"#,
                None,
            ),
            (
                r#"{"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
                    "reason": "Unschedulable", "message": "0/3 nodes are available"}]}"#,
                Some("Unschedulable: 0/3 nodes are available"),
            ),
            (
                r#"{"phase": "Pending", "conditions": [{"status": "False", "reason": "ContainersNotReady"}],
                    "containerStatuses": [{"name": "a", "state": {"waiting": {"reason": "ContainerCreating"}}},
                    {"name": "app", "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}]}"#,
                Some("container app: ErrImagePull: no"),
            ),
            (
                r#"{"phase": "Failed", "reason": "Evicted", "message": "disk"}"#,
                Some("Evicted: disk"),
            ),
            ("{}", None),
        ] {
            assert_eq!(reason(status).as_deref(), expected, "{status}");
        }
    }
}
