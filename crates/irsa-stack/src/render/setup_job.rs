//! Jobs that set up the data stores from inside a cluster: one for PostgreSQL and one for OpenSearch, with what they need.
//! They run `irsa apply` as the role of the setup, by a token of its service account.

mod job;

use std::fmt::Write as _;

use irsa_chain::untrusted::quoted;
use sha2::{Digest as _, Sha256};

use self::job::Job;
use crate::render::File;
use crate::stack::{Cluster, Placeholder, Setup, Stack};
use crate::yaml::Yaml;

/// The bytes that a ConfigMap can hold (Kubernetes documentation, "ConfigMaps"), without its metadata.
const MAX_CONFIG_BYTES: usize = 1_000_000;

/// A tool that runs the Jobs at each of its deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Argo CD, before each sync.
    ArgoCd,
}

/// What a Job sets up.
struct Task<'s> {
    /// The command after `irsa apply`.
    command: &'static str,
    /// Keys of the data stores.
    stores: Vec<&'s str>,
}

/// # Errors
/// The role of the setup is the administrator of no data store, the files are too large for a ConfigMap, or the file does
/// not name the image of irsa.
pub(super) fn files(stack: &Stack, hook: Option<Hook>) -> Result<Vec<File>, String> {
    let setup = stack.needed_setup().ok_or_else(nothing_to_do)?;
    let tasks = tasks(stack);
    let image = stack.required_image()?;
    let config = &stack.files;
    let bytes = config.specification.len() + config.outputs.as_ref().map_or(0, String::len);
    if bytes > MAX_CONFIG_BYTES {
        return Err(format!(
            "the specification and the outputs have {bytes} bytes, but a ConfigMap holds at most {MAX_CONFIG_BYTES}"
        ));
    }
    let mut files = Vec::new();
    for cluster in &stack.clusters {
        let objects = Objects {
            stack,
            setup,
            cluster,
            hook,
        };
        files.extend(objects.files(&tasks, image)?);
    }
    Ok(files)
}

/// Returns whether a value that is not known yet is one of a data store that the Jobs set up.
pub(super) fn needs(stack: &Stack, missing: &Placeholder) -> bool {
    let (Placeholder::Postgres(key) | Placeholder::OpenSearch(key)) = missing else {
        return false;
    };
    let mut tasks = tasks(stack).into_iter();
    tasks.any(|task| task.stores.contains(&key.as_str()))
}

/// The kinds of data stores of which the role of the setup is the administrator.
fn tasks(stack: &Stack) -> Vec<Task<'_>> {
    let Some(setup) = stack.needed_setup() else {
        return Vec::new();
    };
    let clusters = stack
        .setup_clusters(setup)
        .map(|(store, _)| store.key.as_str());
    let domains = stack.setup_domains(setup).map(|store| store.key.as_str());
    let tasks = [
        Task {
            command: "sql",
            stores: clusters.collect(),
        },
        Task {
            command: "opensearch",
            stores: domains.collect(),
        },
    ];
    let has_stores = |task: &Task<'_>| !task.stores.is_empty();
    tasks.into_iter().filter(has_stores).collect()
}

fn nothing_to_do() -> String {
    "the role of the setup is the administrator of no data store: add `setup: {namespace: irsa-setup}`, and `admin: {user: \
     USER, password: managed}` to a PostgreSQL cluster or `admin: setup` to a domain"
        .to_owned()
}

/// The objects of a cluster.
struct Objects<'s> {
    stack: &'s Stack,
    setup: &'s Setup,
    cluster: &'s Cluster,
    hook: Option<Hook>,
}

// === impl Objects ===

impl Objects<'_> {
    fn files(&self, tasks: &[Task<'_>], image: &str) -> Result<Vec<File>, String> {
        let mut documents = Vec::new();
        if self.hook.is_none() && self.has_own_namespace() {
            documents.push(("namespace.yaml".to_owned(), self.namespace()));
        }
        documents.push(("service-account.yaml".to_owned(), self.service_account()));
        documents.push(("config-map.yaml".to_owned(), self.config_map()));
        for task in tasks {
            let job = Job {
                objects: self,
                task,
                image,
            };
            documents.push((format!("apply-{}.yaml", task.command), job.document()?));
        }
        let names: Vec<_> = documents.iter().map(|(name, _)| name.clone()).collect();
        let kustomization = self.left_out(tasks) + &kustomization(&names).write();
        let file = |(name, text): (String, String)| File {
            path: format!("setup-job/{}/{name}", self.cluster.name),
            text,
        };
        let documents = documents
            .into_iter()
            .map(|(name, yaml)| (name, yaml.write()));
        let first = ("kustomization.yaml".to_owned(), kustomization);
        Ok([first].into_iter().chain(documents).map(file).collect())
    }

    /// A comment that names the data stores that the Jobs do not set up.
    fn left_out(&self, tasks: &[Task<'_>]) -> String {
        let is_left = |key: &str| !tasks.iter().any(|task| task.stores.contains(&key));
        let clusters = self.stack.postgres.iter().map(|store| &store.key);
        let domains = self
            .stack
            .opensearch
            .iter()
            .filter(|store| store.is_fine_grained);
        let keys = clusters.chain(domains.map(|store| &store.key));
        let left: Vec<_> = keys
            .filter(|key| is_left(key))
            .map(|key| quoted(key).to_string())
            .collect();
        if left.is_empty() {
            return String::new();
        }
        format!(
            "# These Jobs do not set up {}: the role of the setup is not the administrator.\n",
            left.join(", ")
        )
    }

    /// Returns whether neither a workload nor Kubernetes uses the namespace, so that its pods can be restricted.
    fn has_own_namespace(&self) -> bool {
        let namespace = self.setup.service_account.namespace();
        if namespace == "default" || namespace.starts_with("kube-") {
            return false;
        }
        let mut workloads = self.stack.workloads.iter();
        !workloads.any(|one| one.service_account.namespace() == namespace)
    }

    fn namespace(&self) -> Yaml {
        let restricted = Yaml::map([(
            "pod-security.kubernetes.io/enforce",
            Yaml::text("restricted"),
        )]);
        Yaml::map([
            ("apiVersion", Yaml::text("v1")),
            ("kind", Yaml::text("Namespace")),
            (
                "metadata",
                Yaml::map([
                    ("name", Yaml::text(self.setup.service_account.namespace())),
                    ("labels", restricted),
                ]),
            ),
        ])
    }

    /// It has no permissions in Kubernetes, and its pods have a token for STS only.
    fn service_account(&self) -> Yaml {
        Yaml::map([
            ("apiVersion", Yaml::text("v1")),
            ("kind", Yaml::text("ServiceAccount")),
            (
                "metadata",
                self.metadata(self.setup.service_account.name(), -1),
            ),
            ("automountServiceAccountToken", Yaml::Flag(false)),
        ])
    }

    fn config_map(&self) -> Yaml {
        let files = &self.stack.files;
        let specification = (job::SPECIFICATION, Yaml::Block(files.specification.clone()));
        let outputs = files
            .outputs
            .clone()
            .map(|text| (job::OUTPUTS, Yaml::text(text)));
        Yaml::map([
            ("apiVersion", Yaml::text("v1")),
            ("kind", Yaml::text("ConfigMap")),
            ("metadata", self.metadata(&self.config_name(), -1)),
            (
                "data",
                Yaml::map([specification].into_iter().chain(outputs)),
            ),
        ])
    }

    /// The name does not depend on the content: a pod of an earlier Job that is retried uses the newest files.
    fn config_name(&self) -> String {
        format!("irsa-setup-{}", self.stack.name)
    }

    /// With the annotations of the hook. Hooks with a lower `wave` are created first.
    fn metadata(&self, name: &str, wave: i64) -> Yaml {
        let mut metadata = vec![
            ("name", Yaml::text(name)),
            (
                "namespace",
                Yaml::text(self.setup.service_account.namespace()),
            ),
            ("labels", labels()),
        ];
        if let Some(Hook::ArgoCd) = self.hook {
            let annotations = [
                ("argocd.argoproj.io/hook", "PreSync".to_owned()),
                (
                    "argocd.argoproj.io/hook-delete-policy",
                    "BeforeHookCreation".to_owned(),
                ),
                ("argocd.argoproj.io/sync-wave", wave.to_string()),
            ];
            let annotations = annotations.map(|(key, value)| (key, Yaml::text(value)));
            metadata.push(("annotations", Yaml::map(annotations)));
        }
        Yaml::map(metadata)
    }
}

fn labels() -> Yaml {
    Yaml::map([
        ("app.kubernetes.io/name", Yaml::text("irsa-setup")),
        ("app.kubernetes.io/managed-by", Yaml::text("irsa")),
    ])
}

fn kustomization(names: &[String]) -> Yaml {
    Yaml::map([
        ("apiVersion", Yaml::text("kustomize.config.k8s.io/v1beta1")),
        ("kind", Yaml::text("Kustomization")),
        ("resources", Yaml::texts(names.to_vec())),
    ])
}

/// The first hexadecimal digits of a SHA-256.
fn short_hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let bytes = hash.iter().take(4);
    bytes.fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
