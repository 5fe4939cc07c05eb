//! A Kustomize component for each cluster: service accounts, and a patch that adds the proxy as a native sidecar to the
//! pods of every workload. It patches what has the label `irsa.dev/workload`.

use irsa_sidecar::names::{self, eks};
use irsa_sidecar::{Identity, Placement, Resources, Sidecar, WebIdentity};

use crate::render::File;
use crate::stack::{Cluster, Stack, Workload};
use crate::yaml::Yaml;

/// # Errors
/// The file does not name the image of irsa.
pub(super) fn files(stack: &Stack) -> Result<Vec<File>, String> {
    let image = stack.required_image()?;
    let clusters = stack.clusters.iter();
    let components = clusters.map(|cluster| component(stack, cluster, image));
    Ok(components.collect::<Result<Vec<_>, _>>()?.concat())
}

fn component(stack: &Stack, cluster: &Cluster, image: &str) -> Result<Vec<File>, String> {
    let runs_here = |one: &&Workload| one.clusters.contains(&cluster.name);
    let workloads: Vec<_> = stack.workloads.iter().filter(runs_here).collect();
    let file = |name: &str, text: String| File {
        path: format!("kubernetes/{}/{name}", cluster.name),
        text,
    };
    let mut files = vec![
        file("kustomization.yaml", kustomization(&workloads).write()),
        file("service-accounts.yaml", service_accounts(&workloads)),
    ];
    for workload in workloads {
        let name = format!("{}-sidecar.yaml", workload.key);
        files.push(file(&name, patch(stack, workload, image)?.write()));
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
    Yaml::map([
        ("apiVersion", Yaml::text("kustomize.config.k8s.io/v1alpha1")),
        ("kind", Yaml::text("Component")),
        ("resources", Yaml::texts(["service-accounts.yaml"])),
        ("patches", Yaml::List(workloads.iter().map(patch).collect())),
    ])
}

/// One document for each service account.
fn service_accounts(workloads: &[&Workload]) -> String {
    let mut accounts: Vec<&Workload> = workloads.to_vec();
    accounts.sort_by(|one, other| one.service_account.cmp(&other.service_account));
    accounts.dedup_by(|one, other| one.service_account == other.service_account);
    let keeps = |account: &&Workload| {
        let mut same = workloads.iter();
        same.any(|one| one.service_account == account.service_account && one.has_annotation)
    };
    let document = |one: &&Workload| service_account(one, keeps(one)).write();
    let documents: Vec<_> = accounts.iter().map(document).collect();
    documents.join("---\n")
}

fn service_account(workload: &Workload, has_annotation: bool) -> Yaml {
    let account = &workload.service_account;
    let mut metadata = vec![
        ("name", Yaml::text(account.name())),
        ("namespace", Yaml::text(account.namespace())),
    ];
    if has_annotation {
        metadata.push(("annotations", role_annotation(workload)));
    }
    Yaml::map([
        ("apiVersion", Yaml::text("v1")),
        ("kind", Yaml::text("ServiceAccount")),
        ("metadata", Yaml::map(metadata)),
    ])
}

/// The annotations of a workload's service account, if EKS gives the role by one.
pub(super) fn annotations(workload: &Workload) -> Option<Yaml> {
    workload.has_annotation.then(|| role_annotation(workload))
}

fn role_annotation(workload: &Workload) -> Yaml {
    let role = Yaml::text(workload.role.as_str());
    Yaml::map([(eks::ROLE_ARN, role)])
}

/// A strategic merge patch. Its kind and name are those of the target that Kustomize finds.
fn patch(stack: &Stack, workload: &Workload, image: &str) -> Result<Yaml, String> {
    let sidecar = sidecar(stack, workload, image);
    let pod = Yaml::map([
        (
            "serviceAccountName",
            Yaml::text(workload.service_account.name()),
        ),
        ("initContainers", Yaml::List(vec![container(&sidecar)?])),
        ("volumes", Yaml::List(volumes(&sidecar)?)),
    ]);
    Ok(Yaml::map([
        ("apiVersion", Yaml::text("apps/v1")),
        ("kind", Yaml::text("Deployment")),
        ("metadata", Yaml::map([("name", Yaml::text("any"))])),
        (
            "spec",
            Yaml::map([("template", Yaml::map([("spec", pod)]))]),
        ),
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
fn upstreams(stack: &Stack, workload: &Workload) -> Vec<String> {
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
