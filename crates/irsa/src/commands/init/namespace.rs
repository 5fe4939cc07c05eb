//! Reads a namespace. What cannot be read is a gap, not a failure.

use std::collections::{BTreeMap, BTreeSet};

use irsa_cli::Progress;
use irsa_kube::{
    ConfigMap, KubeReader, Listing, PodObject, ReadError, ReadErrorKind, SettingValue,
    SettingsContainer, WorkloadKind, WorkloadObject,
};
use irsa_sidecar::names::eks::ROLE_ARN;
use irsa_stack::adopt::{Account, ClusterFacts, Container, Object, POD_IDENTITY, Value, is_needed};

use crate::exit::Failure;

/// The maximum number of ConfigMaps that are read.
const MAX_CONFIG_MAPS: usize = 300;

/// What was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) what: String,
    pub(super) why: String,
    /// The resource to allow, if the user has no permission, with the user's name.
    pub(super) denied: Option<(&'static str, &'static str, String)>,
}

/// Reads everything that the specification needs.
pub(super) async fn read(
    reader: &KubeReader,
    namespace: &str,
    progress: &Progress,
) -> Result<(ClusterFacts, Vec<Gap>), Failure> {
    let mut reading = Reading {
        reader,
        namespace,
        gaps: Vec::new(),
    };
    reading.namespace_exists().await?;
    progress.say("reading workloads");
    let mut objects = reading.objects().await;
    let pods = reading.pods().await;
    let with_agent = accounts_with_agent(&pods);
    add_pods(&mut objects, pods);
    progress.say("reading service accounts and ConfigMaps");
    let accounts = reading.accounts(&with_agent).await;
    let config_maps = reading.config_maps(&objects).await;
    let issuer = reader.issuer().await;
    let issuer = reading
        .note("the cluster's OIDC issuer", issuer)
        .map(|found| found.issuer);
    let context = reader.context();
    let facts = ClusterFacts {
        namespace: namespace.to_owned(),
        kubeconfig_name: context.cluster.clone(),
        token_name: context.token_cluster.clone(),
        issuer,
        objects: objects.into_iter().map(object).collect(),
        accounts,
        config_maps,
    };
    Ok((facts, reading.gaps))
}

struct Reading<'r> {
    reader: &'r KubeReader,
    namespace: &'r str,
    gaps: Vec<Gap>,
}

impl Reading<'_> {
    async fn namespace_exists(&mut self) -> Result<(), Failure> {
        let found = self.reader.namespace(self.namespace).await;
        match found {
            // Without the permission, an empty namespace looks like a missing one.
            Ok(_) => Ok(()),
            Err(error) if error.is_denied() => Ok(()),
            Err(error) if error.is_absent() => Err(Failure::Other {
                message: format!(
                    "namespace `{}` does not exist in {}",
                    self.namespace,
                    self.reader.address()
                ),
                remedy: Some(
                    "list namespaces by `kubectl get namespaces`; choose a cluster by --context"
                        .to_owned(),
                ),
            }),
            Err(error) => Err(Failure::Other {
                message: error.to_string(),
                remedy: Some(remedy(&error).to_owned()),
            }),
        }
    }

    async fn objects(&mut self) -> Vec<WorkloadObject> {
        let mut objects = Vec::new();
        for kind in WorkloadKind::ALL {
            let list = self
                .reader
                .workload_objects(kind, self.namespace, is_needed)
                .await;
            let what = match kind {
                WorkloadKind::Deployment => "Deployments",
                WorkloadKind::StatefulSet => "StatefulSets",
                WorkloadKind::DaemonSet => "DaemonSets",
                WorkloadKind::CronJob => "CronJobs",
            };
            objects.extend(self.items(what, list));
        }
        objects
    }

    async fn pods(&mut self) -> Vec<PodObject> {
        let list = self.reader.pod_objects(self.namespace, is_needed).await;
        self.items("pods", list)
    }

    async fn accounts(&mut self, with_agent: &BTreeSet<String>) -> BTreeMap<String, Account> {
        let list = self.reader.service_accounts(self.namespace).await;
        let items = self.items("service accounts", list).into_iter();
        let mut accounts: BTreeMap<_, _> = items
            .map(|mut object| {
                let account = Account {
                    role: object.metadata.annotations.remove(ROLE_ARN),
                    uses_pod_identity: false,
                };
                (object.metadata.name, account)
            })
            .collect();
        for name in with_agent {
            accounts.entry(name.clone()).or_default().uses_pod_identity = true;
        }
        accounts
    }

    /// Reads the ConfigMaps that the objects name.
    async fn config_maps(
        &mut self,
        objects: &[WorkloadObject],
    ) -> BTreeMap<String, BTreeMap<String, String>> {
        let names: BTreeSet<&str> = objects.iter().flat_map(config_map_names).collect();
        let mut texts = BTreeMap::new();
        for (number, name) in names.iter().enumerate() {
            if number == MAX_CONFIG_MAPS {
                let what = format!("{} ConfigMaps", names.len() - MAX_CONFIG_MAPS);
                self.gap(&what, &format!("irsa reads at most {MAX_CONFIG_MAPS}"));
                break;
            }
            match self.reader.config_map(self.namespace, name).await {
                Ok(ConfigMap { data }) => {
                    texts.insert((*name).to_owned(), data);
                }
                Err(error) if error.is_absent() => {}
                Err(error) => {
                    let is_denied = error.is_denied();
                    self.note::<()>("ConfigMaps", Err(error));
                    if is_denied {
                        break;
                    }
                }
            }
        }
        texts
    }

    fn items<T>(&mut self, what: &str, list: Result<Listing<T>, ReadError>) -> Vec<T> {
        let Some(list) = self.note(what, list) else {
            return Vec::new();
        };
        if list.is_truncated {
            let why = format!(
                "the namespace has more than the {} that were read",
                list.items.len()
            );
            self.gap(&format!("the other {what}"), &why);
        }
        list.items
    }

    /// The result, or `None` and a gap.
    fn note<T>(&mut self, what: &str, result: Result<T, ReadError>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let user = error.user().to_owned();
        self.gaps.push(Gap {
            what: what.to_owned(),
            why: error.to_string(),
            denied: error
                .is_denied()
                .then_some((error.rule.verb, error.rule.resource, user)),
        });
        None
    }

    fn gap(&mut self, what: &str, why: &str) {
        self.gaps.push(Gap {
            what: what.to_owned(),
            why: why.to_owned(),
            denied: None,
        });
    }
}

fn remedy(error: &ReadError) -> &'static str {
    match error.kind {
        ReadErrorKind::Unauthenticated | ReadErrorKind::NoCredentials => {
            "log in to the cluster, and try `kubectl get pods`"
        }
        _ => "choose a cluster by --context or --kubeconfig",
    }
}

/// The service accounts whose pods get credentials from the agent of EKS Pod Identity.
fn accounts_with_agent(pods: &[PodObject]) -> BTreeSet<String> {
    let has_agent = |container: &SettingsContainer| {
        container
            .env
            .iter()
            .any(|setting| setting.name == POD_IDENTITY)
    };
    let with_agent = pods
        .iter()
        .filter(|pod| pod.object.containers.iter().any(has_agent));
    with_agent
        .map(|pod| pod.object.service_account.clone())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Adds the pods whose templates were not read: those of other controllers, and all if these must not be read.
fn add_pods(objects: &mut Vec<WorkloadObject>, pods: Vec<PodObject>) {
    let mut known: BTreeSet<String> = objects
        .iter()
        .map(|object| object.reference.clone())
        .collect();
    for PodObject {
        object,
        is_finished,
    } in pods
    {
        let is_run = run_of(&object.reference).is_some_and(|name| known.contains(&name));
        if !is_finished && !is_run && known.insert(object.reference.clone()) {
            objects.push(object);
        }
    }
}

/// The CronJob of a Job, whose name ends with the time of its run.
fn run_of(reference: &str) -> Option<String> {
    let (name, time) = reference.strip_prefix("job/")?.rsplit_once('-')?;
    let is_time = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
    is_time.then(|| format!("cronjob/{name}"))
}

/// The ConfigMaps that variables, environments and mounted volumes refer to.
fn config_map_names(object: &WorkloadObject) -> Vec<&str> {
    let mut names = Vec::new();
    for container in &object.containers {
        for setting in &container.env {
            match &setting.value {
                SettingValue::ConfigMap { name, .. } if is_needed(&setting.name) => {
                    names.push(name.as_str());
                }
                _ => {}
            }
        }
        let sources = container.env_from.iter();
        names.extend(sources.filter_map(|source| source.object.strip_prefix("configmap/")));
        let mounted = object
            .config_volumes
            .iter()
            .filter(|one| container.volumes.contains(&one.volume));
        names.extend(mounted.flat_map(|one| &one.config_maps).map(String::as_str));
    }
    names
}

fn object(object: WorkloadObject) -> Object {
    let volumes = object.config_volumes.into_iter();
    Object {
        reference: object.reference,
        service_account: object.service_account,
        labels: object.labels,
        containers: object.containers.into_iter().map(container).collect(),
        config_volumes: volumes.map(|one| (one.volume, one.config_maps)).collect(),
    }
}

fn container(container: SettingsContainer) -> Container {
    let value = |value| match value {
        SettingValue::Text(text) => Value::Text(text),
        SettingValue::ConfigMap { name, key } => Value::ConfigMap(name, key),
        SettingValue::Secret { name, key } => Value::Secret(name, key),
        SettingValue::Dropped | SettingValue::Field => Value::Unread,
    };
    let variables = container.env.into_iter();
    let sources = container.env_from.into_iter();
    Container {
        image: container.image,
        variables: variables
            .map(|setting| (setting.name, value(setting.value)))
            .collect(),
        sources: sources
            .map(|source| (source.object, source.prefix))
            .collect(),
        volumes: container.volumes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(reference: &str, is_finished: bool) -> PodObject {
        let object = WorkloadObject {
            reference: reference.to_owned(),
            ..WorkloadObject::default()
        };
        PodObject {
            object,
            is_finished,
        }
    }

    #[test]
    fn pods_are_added_if_their_template_was_not_read() {
        let template = |reference: &str| pod(reference, false).object;
        let mut objects = vec![template("deployment/app"), template("cronjob/report")];
        let pods = vec![
            pod("deployment/app", false),
            pod("deployment/rollout", false),
            pod("deployment/rollout", false),
            pod("job/report-28000000", false),
            pod("job/migration", false),
            pod("job/done", true),
            pod("pod/shell", false),
        ];
        add_pods(&mut objects, pods);
        let references: Vec<_> = objects.iter().map(|one| one.reference.as_str()).collect();
        let expected = [
            "deployment/app",
            "cronjob/report",
            "deployment/rollout",
            "job/migration",
            "pod/shell",
        ];
        assert_eq!(references, expected);
    }
}
