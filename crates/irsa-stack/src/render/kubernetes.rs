//! A Kustomize component for each cluster: service accounts, and a patch that adds the proxy as a native sidecar to the
//! pods of every workload. It patches what has the label `irsa.dev/workload`.

use crate::policies::AUDIENCE;
use crate::render::File;
use crate::stack::{Cluster, Stack, Workload};
use crate::yaml::Yaml;

/// The label that says which workload a Deployment or StatefulSet is.
const LABEL: &str = "irsa.dev/workload";
/// The directory of the sidecar's token.
const TOKEN_DIRECTORY: &str = "/var/run/secrets/irsa";
/// The user of irsa's image.
const USER: u64 = 65_532;

/// # Errors
/// The file does not name the image of irsa.
pub(super) fn files(stack: &Stack) -> Result<Vec<File>, String> {
    let image = stack.required_image()?;
    let clusters = stack.clusters.iter();
    let components = clusters.flat_map(|cluster| component(stack, cluster, image));
    Ok(components.collect())
}

fn component(stack: &Stack, cluster: &Cluster, image: &str) -> Vec<File> {
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
        files.push(file(&name, patch(stack, workload, image).write()));
    }
    files
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
                        Yaml::text(format!("{LABEL}={}", workload.key)),
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
    Yaml::map([("eks.amazonaws.com/role-arn", role)])
}

/// A strategic merge patch. Its kind and name are those of the target that Kustomize finds.
fn patch(stack: &Stack, workload: &Workload, image: &str) -> Yaml {
    let pod = Yaml::map([
        (
            "serviceAccountName",
            Yaml::text(workload.service_account.name()),
        ),
        (
            "initContainers",
            Yaml::List(vec![sidecar(stack, workload, image)]),
        ),
        ("volumes", Yaml::List(volumes(workload))),
    ]);
    Yaml::map([
        ("apiVersion", Yaml::text("apps/v1")),
        ("kind", Yaml::text("Deployment")),
        ("metadata", Yaml::map([("name", Yaml::text("any"))])),
        (
            "spec",
            Yaml::map([("template", Yaml::map([("spec", pod)]))]),
        ),
    ])
}

/// The container of the proxy.
pub(super) fn sidecar(stack: &Stack, workload: &Workload, image: &str) -> Yaml {
    let mounts = Yaml::List(
        mounts(workload)
            .into_iter()
            .map(|(name, path, is_read_only)| mount(name, path, is_read_only))
            .collect(),
    );
    Yaml::map([
        ("name", Yaml::text("irsa")),
        ("image", Yaml::text(image)),
        ("restartPolicy", Yaml::text("Always")),
        ("args", Yaml::texts(["proxy"])),
        ("env", Yaml::List(environment(stack, workload))),
        (
            "ports",
            Yaml::List(vec![Yaml::map([
                ("name", Yaml::text("irsa-admin")),
                ("containerPort", Yaml::Integer(9441)),
            ])]),
        ),
        (
            "startupProbe",
            probe(
                "/startupz",
                &[("periodSeconds", 1), ("failureThreshold", 30)],
            ),
        ),
        ("livenessProbe", probe("/livez", &[])),
        ("resources", resources()),
        ("securityContext", security_context()),
        ("volumeMounts", mounts),
    ])
}

fn environment(stack: &Stack, workload: &Workload) -> Vec<Yaml> {
    let mut variables = vec![
        ("IRSA_UPSTREAMS", upstreams(stack, workload).join(" ")),
        ("IRSA_ADMIN_ADDRESS", "*:9441".to_owned()),
        ("AWS_REGION", stack.region.to_string()),
    ];
    if workload.uses_pod_identity {
        variables.push(("IRSA_IDENTITY", "pod-identity".to_owned()));
    } else {
        variables.push(("IRSA_IDENTITY", "web-identity".to_owned()));
        variables.push(("AWS_ROLE_ARN", workload.role.to_string()));
        variables.push((
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            format!("{TOKEN_DIRECTORY}/token"),
        ));
    }
    let variable = |(name, value): (&str, String)| {
        Yaml::map([("name", Yaml::text(name)), ("value", Yaml::text(value))])
    };
    variables.into_iter().map(variable).collect()
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

fn probe(path: &str, settings: &[(&str, u64)]) -> Yaml {
    let get = Yaml::map([("path", Yaml::text(path)), ("port", Yaml::Integer(9441))]);
    let settings = settings
        .iter()
        .map(|(name, value)| (*name, Yaml::Integer(*value)));
    Yaml::map([("httpGet", get)].into_iter().chain(settings))
}

fn resources() -> Yaml {
    let requests = Yaml::map([("cpu", Yaml::text("20m")), ("memory", Yaml::text("32Mi"))]);
    let limits = Yaml::map([("memory", Yaml::text("256Mi"))]);
    Yaml::map([("requests", requests), ("limits", limits)])
}

/// What the Pod Security level `restricted` asks for.
fn security_context() -> Yaml {
    Yaml::map([
        ("runAsNonRoot", Yaml::Flag(true)),
        ("runAsUser", Yaml::Integer(USER)),
        ("allowPrivilegeEscalation", Yaml::Flag(false)),
        ("readOnlyRootFilesystem", Yaml::Flag(true)),
        ("capabilities", Yaml::map([("drop", Yaml::texts(["ALL"]))])),
        (
            "seccompProfile",
            Yaml::map([("type", Yaml::text("RuntimeDefault"))]),
        ),
    ])
}

/// The sidecar's volumes: name, path, read-only.
fn mounts(workload: &Workload) -> Vec<(&'static str, &'static str, bool)> {
    let token = (!workload.uses_pod_identity).then_some(("irsa-token", TOKEN_DIRECTORY, true));
    let spill = workload
        .opensearch
        .is_some()
        .then_some(("irsa-spill", "/tmp", false));
    [token, spill].into_iter().flatten().collect()
}

fn mount(name: &str, path: &str, is_read_only: bool) -> Yaml {
    let read_only = is_read_only.then_some(("readOnly", Yaml::Flag(true)));
    let fields = [("name", Yaml::text(name)), ("mountPath", Yaml::text(path))];
    Yaml::map(fields.into_iter().chain(read_only))
}

/// The volumes of the proxy.
pub(super) fn volumes(workload: &Workload) -> Vec<Yaml> {
    let names = mounts(workload).into_iter().map(|(name, _, _)| name);
    let volume = |name| {
        let source = if name == "irsa-token" {
            ("projected", token_source())
        } else {
            ("emptyDir", Yaml::map([("sizeLimit", Yaml::text("1Gi"))]))
        };
        Yaml::map([("name", Yaml::text(name)), source])
    };
    names.map(volume).collect()
}

fn token_source() -> Yaml {
    let token = Yaml::map([
        ("audience", Yaml::text(AUDIENCE)),
        ("expirationSeconds", Yaml::Integer(86_400)),
        ("path", Yaml::text("token")),
    ]);
    Yaml::map([(
        "sources",
        Yaml::List(vec![Yaml::map([("serviceAccountToken", token)])]),
    )])
}
