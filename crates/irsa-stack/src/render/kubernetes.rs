//! A Kustomize component for each cluster: service accounts, and a patch that adds the proxy as a native sidecar to the
//! pods of every workload. It patches what has the label `irsa.dev/workload`. If the webhook injects the sidecar, the
//! component has the service accounts only.

use irsa_sidecar::names;
use irsa_sidecar::{Identity, Placement, Resources, Sidecar, WebIdentity};

use super::{File, annotations};
use crate::stack::{Cluster, Injection, Stack, Workload};
use crate::yaml::Yaml;

/// # Errors
/// The file does not name the image of irsa.
pub(super) fn files(stack: &Stack) -> Result<Vec<File>, String> {
    let clusters = stack.clusters.iter();
    let components = clusters.map(|cluster| component(stack, cluster));
    Ok(components.collect::<Result<Vec<_>, _>>()?.concat())
}

fn component(stack: &Stack, cluster: &Cluster) -> Result<Vec<File>, String> {
    let runs_here = |one: &&Workload| one.clusters.contains(&cluster.name);
    let workloads: Vec<_> = stack.workloads.iter().filter(runs_here).collect();
    let patched: &[_] = match stack.injection {
        Injection::Sidecar => &workloads,
        Injection::Webhook => {
            annotations::check(stack, cluster)?;
            &[]
        }
    };
    let file = |name: &str, text: String| File {
        path: format!("kubernetes/{}/{name}", cluster.name),
        text,
    };
    let mut files = vec![
        file("kustomization.yaml", kustomization(patched).write()),
        file("service-accounts.yaml", service_accounts(stack, &workloads)),
    ];
    for workload in patched {
        let name = format!("{}-sidecar.yaml", workload.key);
        files.push(file(&name, patch(stack, workload)?.write()));
    }
    Ok(files)
}

fn kustomization(workloads: &[&Workload]) -> Yaml {
    let patch = |workload: &&Workload| {
        Yaml::map([
            ("path", Yaml::text(format!("{}-sidecar.yaml", workload.key))),
            (
                "target",
                Yaml::map([
                    ("kind", Yaml::text("Deployment|StatefulSet|DaemonSet")),
                    (
                        "labelSelector",
                        Yaml::text(format!("{}={}", names::WORKLOAD, workload.key)),
                    ),
                ]),
            ),
        ])
    };
    let mut entries = vec![
        ("apiVersion", Yaml::text("kustomize.config.k8s.io/v1alpha1")),
        ("kind", Yaml::text("Component")),
        ("resources", Yaml::texts(["service-accounts.yaml"])),
    ];
    if !workloads.is_empty() {
        entries.push(("patches", Yaml::List(workloads.iter().map(patch).collect())));
    }
    Yaml::map(entries)
}

/// One document for each service account.
fn service_accounts(stack: &Stack, workloads: &[&Workload]) -> String {
    let mut accounts: Vec<&Workload> = workloads.to_vec();
    accounts.sort_by(|one, other| one.service_account.cmp(&other.service_account));
    accounts.dedup_by(|one, other| one.service_account == other.service_account);
    let document = |one: &&Workload| service_account(stack, one).write();
    let documents: Vec<_> = accounts.iter().map(document).collect();
    documents.join("---\n")
}

fn service_account(stack: &Stack, workload: &Workload) -> Yaml {
    let account = &workload.service_account;
    let mut metadata = vec![
        ("name", Yaml::text(account.name())),
        ("namespace", Yaml::text(account.namespace())),
    ];
    if let Some(annotations) = annotations::service_account(stack, workload) {
        metadata.push(("annotations", annotations));
    }
    Yaml::map([
        ("apiVersion", Yaml::text("v1")),
        ("kind", Yaml::text("ServiceAccount")),
        ("metadata", Yaml::map(metadata)),
    ])
}

/// A strategic merge patch. Its kind and name are those of the target that Kustomize finds.
fn patch(stack: &Stack, workload: &Workload) -> Result<Yaml, String> {
    let sidecar = sidecar(stack, workload, stack.required_image()?);
    let pod = Yaml::map([
        (
            "serviceAccountName",
            Yaml::text(workload.service_account.name()),
        ),
        ("initContainers", Yaml::List(vec![container(&sidecar)?])),
        ("volumes", Yaml::List(volumes(&sidecar)?)),
    ]);
    // `irsa doctor -f` tells the pods of workloads with one service account apart by it.
    let labels = Yaml::map([(names::WORKLOAD, Yaml::text(&workload.key))]);
    let template = Yaml::map([("metadata", Yaml::map([("labels", labels)])), ("spec", pod)]);
    Ok(Yaml::map([
        ("apiVersion", Yaml::text("apps/v1")),
        ("kind", Yaml::text("Deployment")),
        ("metadata", Yaml::map([("name", Yaml::text("any"))])),
        ("spec", Yaml::map([("template", template)])),
    ]))
}

/// The proxy of a workload.
pub(super) fn sidecar(stack: &Stack, workload: &Workload, image: &str) -> Sidecar {
    let identity = if workload.uses_pod_identity {
        Identity::Pod
    } else {
        Identity::Web(WebIdentity::new(workload.role.clone()))
    };
    Sidecar {
        image: image.to_owned(),
        pull_policy: None,
        placement: Placement::NativeSidecar,
        upstreams: upstreams(stack, workload),
        spills: workload.opensearch.is_some(),
        region: Some(stack.region.clone()),
        identity,
        resources: Resources::default(),
    }
}

/// The container of the proxy.
///
/// # Errors
/// See [`Yaml::serialized`].
pub(super) fn container(sidecar: &Sidecar) -> Result<Yaml, String> {
    Yaml::serialized(&sidecar.container()).map_err(|error| error.to_string())
}

/// The volumes of the proxy.
///
/// # Errors
/// See [`Yaml::serialized`].
pub(super) fn volumes(sidecar: &Sidecar) -> Result<Vec<Yaml>, String> {
    let volumes = sidecar.volumes().into_iter();
    let volumes = volumes.map(|volume| Yaml::serialized(&volume));
    volumes
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// The data stores in the form of `IRSA_UPSTREAMS`.
pub(super) fn upstreams(stack: &Stack, workload: &Workload) -> Vec<String> {
    let postgres = workload.postgres.as_ref().and_then(|used| {
        let store = stack.postgres_store(&used.store)?;
        let (host, port, listen) = (&store.endpoint, store.port, used.listen);
        let region = region_parameter(stack, &store.region);
        Some(format!(
            "postgres://{host}:{port}?listen=127.0.0.1:{listen}{region}"
        ))
    });
    let opensearch = workload.opensearch.as_ref().and_then(|used| {
        let store = stack.opensearch_store(&used.store)?;
        let (host, listen) = (&store.endpoint, used.listen);
        let region = region_parameter(stack, &store.region);
        Some(format!(
            "opensearch://{host}?listen=127.0.0.1:{listen}{region}"
        ))
    });
    [postgres, opensearch].into_iter().flatten().collect()
}

fn region_parameter(stack: &Stack, region: &irsa_chain::Region) -> String {
    if *region == stack.region {
        String::new()
    } else {
        format!("&region={region}")
    }
}
