//! The sidecar in which the pod's checks run.

use irsa_doctor::{NotChecked, Place};
use irsa_kube::{Container, KubeReader, Pod};
use irsa_sidecar::names::WORKLOAD;

use super::target::Target;

/// The phase of a pod in which commands can run.
const RUNNING: &str = "Running";

/// A container that runs irsa, in a running pod.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sidecar {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) container: String,
}

/// Finds the newest running pod of a workload that has a sidecar.
pub(super) async fn find(kube: &KubeReader, target: &Target) -> Result<Sidecar, NotChecked> {
    let account = &target.service_account;
    let pods = kube.pods_for(account).await.map_err(|error| {
        let grant = error.rule.command(error.user());
        not_checked(
            error.to_string(),
            format!("grant the permission: `{grant}`"),
        )
    })?;
    let sidecar = in_one_of(&pods, &target.key);
    sidecar.map_err(|why| {
        match why {
        Missing::Pod => not_checked(
            format!("no pod runs as {account}"),
            "start the workload and check again".to_owned(),
        ),
        Missing::Running(pod) => not_checked(
            format!("pod {pod} is not running"),
            format!(
                "run `kubectl -n {} describe pod {pod}` to see why, and check again",
                account.namespace()
            ),
        ),
        Missing::Container(pod) => not_checked(
            format!("pod {pod} has no container that runs irsa"),
            "add the sidecar: `irsa render kubernetes --out .` or `irsa render helm-values --out .`"
                .to_owned(),
        ),
    }
    })
}

/// What is missing to run a command.
#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Pod,
    Running(String),
    Container(String),
}

/// The sidecar of the first running pod, the newest. If pods have the label of a workload, only those of this one count.
fn in_one_of(pods: &[Pod], workload: &str) -> Result<Sidecar, Missing> {
    let label = |pod: &Pod| pod.metadata.labels.get(WORKLOAD).cloned();
    let are_labeled = pods.iter().any(|pod| label(pod).is_some());
    let is_its_own = |pod: &&Pod| !are_labeled || label(pod).is_some_and(|own| own == workload);
    let own: Vec<&Pod> = pods.iter().filter(is_its_own).collect();
    let newest = own.first().ok_or(Missing::Pod)?;
    let mut running = own
        .iter()
        .filter(|pod| pod.status.phase == RUNNING)
        .peekable();
    let first_running = running.peek().map(|pod| pod.metadata.name.clone());
    let named = |pod: &&Pod| {
        let irsa = pod
            .lasting_containers()
            .find(|container| Container::is_irsa(container))?;
        Some(Sidecar {
            namespace: pod.metadata.namespace.clone(),
            pod: pod.metadata.name.clone(),
            container: irsa.name.clone(),
        })
    };
    running.find_map(named).ok_or_else(|| match first_running {
        Some(pod) => Missing::Container(pod),
        None => Missing::Running(newest.metadata.name.clone()),
    })
}

fn not_checked(why: String, remedy: String) -> NotChecked {
    NotChecked {
        place: Place::Pod,
        why,
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use irsa_kube::{Metadata, PodSpec};

    use super::*;

    fn pod(name: &str, phase: &str, image: &str, labels: &[(&str, &str)]) -> Pod {
        let container = Container {
            name: "c".to_owned(),
            image: image.to_owned(),
            ..Container::default()
        };
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let mut pod = Pod {
            metadata: Metadata::default(),
            spec: PodSpec {
                containers: vec![container],
                ..PodSpec::default()
            },
            ..Pod::default()
        };
        name.clone_into(&mut pod.metadata.name);
        pod.metadata.labels = labels.collect();
        phase.clone_into(&mut pod.status.phase);
        pod
    }

    #[test]
    fn an_init_container_is_a_sidecar_only_if_it_keeps_running() {
        let irsa = |restart_policy: Option<&str>| Container {
            name: "irsa".to_owned(),
            image: "irsa:1".to_owned(),
            restart_policy: restart_policy.map(str::to_owned),
            ..Container::default()
        };
        let mut app = pod("app", "Running", "app", &[]);
        app.spec.init_containers = vec![irsa(None)];
        let missing = Err(Missing::Container("app".to_owned()));
        assert_eq!(in_one_of(std::slice::from_ref(&app), "api"), missing);
        // One that waits for the database ends before the sidecar starts.
        app.spec.init_containers.push(irsa(Some("Always")));
        "sidecar".clone_into(&mut app.spec.init_containers[1].name);
        let found = in_one_of(&[app], "api").unwrap();
        assert_eq!(found.container, "sidecar");
    }

    #[test]
    fn a_running_pod_with_a_sidecar_is_found() {
        let irsa = "registry.example.com/irsa:1";
        let pods = [
            pod("new", "Pending", irsa, &[]),
            pod("bare", "Running", "app", &[]),
            pod("old", "Running", irsa, &[]),
        ];
        assert_eq!(in_one_of(&pods, "api").unwrap().pod, "old");
        assert_eq!(
            in_one_of(&pods[..2], "api"),
            Err(Missing::Container("bare".to_owned()))
        );
        assert_eq!(
            in_one_of(&pods[..1], "api"),
            Err(Missing::Running("new".to_owned()))
        );
        assert_eq!(in_one_of(&[], "api"), Err(Missing::Pod));
    }

    #[test]
    fn labels_tell_workloads_of_one_service_account_apart() {
        let pods = [
            pod("other", "Running", "irsa", &[(WORKLOAD, "other")]),
            pod("own", "Running", "irsa", &[(WORKLOAD, "api")]),
        ];
        assert_eq!(in_one_of(&pods, "api").unwrap().pod, "own");
        assert_eq!(in_one_of(&pods, "third"), Err(Missing::Pod));
    }
}
