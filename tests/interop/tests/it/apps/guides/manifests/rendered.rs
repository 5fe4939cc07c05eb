//! What `irsa render kubernetes` writes, added to applications by Kustomize: each object is accepted by the API server,
//! and fits the schemas of the versions of Kubernetes that have native sidecars.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use interop::client::{Client, tool};
use irsa_testing::program::{finish, irsa};
use serde_json::{Map, Value, json};

use super::Cluster;

/// A specification of the corpus, with the keys and names of the stores whose endpoints Terraform outputs.
struct Stack {
    name: &'static str,
    postgres: &'static [(&'static str, &'static str)],
    /// The keys, which are also the names, of DB instances outside of a cluster.
    instances: &'static [&'static str],
    opensearch: &'static [(&'static str, &'static str)],
}

const STACKS: [Stack; 4] = [
    Stack {
        name: "camunda-8.3",
        postgres: &[("aurora", "aurora")],
        instances: &[],
        opensearch: &[("camunda", "camunda")],
    },
    Stack {
        name: "camunda-8.3-reference",
        postgres: &[("aurora", "aurora")],
        instances: &[],
        opensearch: &[("test-domain", "test-domain")],
    },
    Stack {
        name: "broad",
        postgres: &[("orders", "orders")],
        instances: &[],
        opensearch: &[("logs", "logs"), ("search", "search")],
    },
    Stack {
        name: "all-keys",
        postgres: &[
            ("made", "made"),
            ("sized", "sized"),
            ("named", "legacy-cluster"),
        ],
        instances: &["single"],
        opensearch: &[
            ("made", "made"),
            ("keyed", "keyed"),
            ("open", "open"),
            ("named", "legacy-domain"),
        ],
    },
];

/// Versions that know native sidecars. They are an alpha feature in the first.
const WITH_SIDECARS: [&str; 2] = ["1.28", "1.37"];
const WITHOUT_SIDECARS: &str = "1.25";

/// A cluster's objects, as `kubectl apply -k` would send them.
struct Built {
    file: PathBuf,
    objects: Vec<String>,
}

/// Tries out every object of every stack on the API server, and validates them with the schemas.
pub(super) fn try_all(cluster: &Cluster) {
    if tool("kubectl").is_none() {
        return;
    }
    let mut namespaces = BTreeSet::from(["shop", "camunda"].map(str::to_owned));
    for stack in STACKS {
        let folder = tempfile::tempdir().unwrap();
        let workloads = render(folder.path(), &stack);
        for component in fs::read_dir(folder.path().join("kubernetes")).unwrap() {
            let built = build(&component.unwrap().path(), &workloads);
            assert!(
                built.objects.len() > 2,
                "{}: {:?}",
                stack.name,
                built.objects
            );
            for object in &built.objects {
                try_out(cluster, object, &mut namespaces);
            }
            validate(&built);
        }
    }
}

/// Renders the components of a specification, and returns its workloads with their namespaces.
fn render(folder: &Path, stack: &Stack) -> Vec<(String, String)> {
    let corpus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/irsa-stack/tests/corpus/v1"
    );
    let text = fs::read_to_string(format!("{corpus}/{}.yaml", stack.name)).unwrap();
    // The presets have the image as a comment to be changed.
    let text = text.replace("  # image: ", "  image: ");
    fs::write(folder.join("irsa.yaml"), text).unwrap();
    fs::write(folder.join("irsa.outputs.json"), outputs(stack)).unwrap();
    let render = ["render", "kubernetes", "--out", "."];
    finish(irsa(&render).current_dir(folder)).printed();
    let show = ["show", "--output", "json"];
    let shown = finish(irsa(&show).current_dir(folder)).json();
    let workloads = shown["workloads"].as_object().unwrap().iter();
    let namespace = |value: &Value| {
        let account = value["service_account"]["value"].as_str().unwrap();
        account.split_once('/').unwrap().0.to_owned()
    };
    workloads
        .map(|(key, value)| (key.clone(), namespace(value)))
        .collect()
}

/// What Terraform would output.
fn outputs(stack: &Stack) -> String {
    const SUFFIX: &str = "eu-central-1.rds.amazonaws.com";
    let cluster = |(key, name): &(&str, &str)| {
        let output = json!({
            "endpoint": format!("{name}.cluster-c9akciq32rgw.{SUFFIX}"),
            "resource_id": format!("cluster-{}", key.to_ascii_uppercase()),
        });
        ((*key).to_owned(), output)
    };
    let instance = |key: &&str| {
        let output = json!({
            "endpoint": format!("{key}.c9akciq32rgw.{SUFFIX}"),
            "resource_id": format!("db-{}", key.to_ascii_uppercase()),
        });
        ((*key).to_owned(), output)
    };
    let domain = |(key, name): &(&str, &str)| {
        let host = format!("search-{name}-abcdefghijklmnopqrstuvwxyz");
        let output = json!({"endpoint": format!("{host}.eu-central-1.es.amazonaws.com")});
        ((*key).to_owned(), output)
    };
    let clusters = stack.postgres.iter().map(cluster);
    let postgres: Map<_, _> = clusters
        .chain(stack.instances.iter().map(instance))
        .collect();
    let opensearch: Map<_, _> = stack.opensearch.iter().map(domain).collect();
    json!({"version": 1, "postgres": postgres, "opensearch": opensearch}).to_string()
}

/// Adds a component to an application for each workload of its cluster, of a different kind each.
fn build(component: &Path, workloads: &[(String, String)]) -> Built {
    let folder = tempfile::tempdir().unwrap();
    let runs_here = |(key, _): &&(String, String)| {
        let patch = component.join(format!("{key}-sidecar.yaml"));
        patch.is_file()
    };
    let applications = workloads
        .iter()
        .filter(runs_here)
        .zip(["Deployment", "StatefulSet", "DaemonSet"].iter().cycle());
    let applications: Vec<_> = applications
        .map(|((key, namespace), kind)| application(key, namespace, kind).to_string())
        .collect();
    fs::write(
        folder.path().join("apps.yaml"),
        applications.join("\n---\n"),
    )
    .unwrap();
    // Kustomize takes no absolute paths.
    let copy = folder.path().join("component");
    fs::create_dir(&copy).unwrap();
    for file in fs::read_dir(component).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
    }
    let kustomization = "resources: [apps.yaml]\ncomponents: [component]\n";
    fs::write(folder.path().join("kustomization.yaml"), kustomization).unwrap();
    let mut kubectl = tool("kubectl").unwrap();
    let text = succeeded(
        &kubectl
            .arg("kustomize")
            .arg(folder.path())
            .output()
            .unwrap(),
    );
    let file = component.join("built.yaml");
    fs::write(&file, &text).unwrap();
    let objects = text.split("\n---\n").map(str::to_owned).collect();
    Built { file, objects }
}

fn application(key: &str, namespace: &str, kind: &str) -> Value {
    let labels = json!({"app": key});
    let container = json!({"name": "app", "image": "registry.example.com/app:1"});
    let mut spec = json!({
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    });
    if kind == "StatefulSet" {
        spec["serviceName"] = key.into();
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": key, "namespace": namespace, "labels": {"irsa.dev/workload": key}},
        "spec": spec,
    })
}

fn try_out(cluster: &Cluster, object: &str, namespaces: &mut BTreeSet<String>) {
    let lines = || object.lines();
    let namespace = lines().find_map(|line| line.strip_prefix("  namespace: "));
    let namespace = namespace.expect("each object is in a namespace");
    if namespaces.insert(namespace.to_owned()) {
        cluster.create_namespace(namespace);
    }
    let answer = cluster.try_out(object, namespace);
    let pod = &answer.object["spec"]["template"]["spec"];
    if pod.is_object() {
        let irsa = &pod["initContainers"][0];
        assert_eq!(irsa["name"], "irsa", "{object}");
        assert_eq!(irsa["restartPolicy"], "Always", "{object}");
        assert_eq!(pod["containers"][0]["name"], "app", "{object}");
    }
}

fn validate(built: &Built) {
    for version in WITH_SIDECARS {
        let Some(output) = validated(version, &built.file) else {
            return;
        };
        succeeded(&output);
    }
    // Nothing but the sidecar keeps older versions from taking the objects.
    let refused = validated(WITHOUT_SIDECARS, &built.file).unwrap();
    let printed =
        String::from_utf8_lossy(&refused.stdout) + String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && printed.contains("restartPolicy"),
        "{printed}"
    );
    let text = fs::read_to_string(&built.file).unwrap();
    let plain = built.file.with_file_name("plain.yaml");
    let lines = text
        .lines()
        .filter(|line| line.trim() != "restartPolicy: Always");
    fs::write(&plain, lines.collect::<Vec<_>>().join("\n")).unwrap();
    succeeded(&validated(WITHOUT_SIDECARS, &plain).unwrap());
}

/// Runs the validator, which refuses unknown fields.
fn validated(version: &str, file: &Path) -> Option<Output> {
    let mut command = Client::KubernetesValidate.unless_missing()?;
    let arguments = ["--kubernetes-version", version, "--strict"];
    Some(command.args(arguments).arg(file).output().unwrap())
}

fn succeeded(output: &Output) -> String {
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    printed
}
