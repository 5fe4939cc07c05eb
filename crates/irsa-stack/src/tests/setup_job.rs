//! The Jobs that set up the data stores.

use serde_json::Value;

use super::{SMALL, renderable, stack};
use crate::{File, Hook, Preset, Stack, Target, render};

fn rendered(stack: &Stack, hook: Option<Hook>) -> Vec<File> {
    render(stack, Target::SetupJob(hook), &["irsa.yaml"]).unwrap()
}

/// The object in a file of the first cluster.
fn object(files: &[File], name: &str) -> Value {
    let file = files.iter().find(|file| file.path.ends_with(name)).unwrap();
    serde_saphyr::from_str(&file.text).unwrap()
}

fn preset() -> Stack {
    renderable(Preset::Camunda83.text())
}

#[test]
fn rendered_files() {
    let mut stack = preset();
    // They change with every comment of a preset.
    stack.digest = "DIGEST".to_owned();
    stack.files.specification = "SPECIFICATION\n".to_owned();
    for (name, hook) in [("kubectl", None), ("argo-cd", Some(Hook::ArgoCd))] {
        let files = rendered(&stack, hook).into_iter();
        let files: Vec<_> = files
            .map(|file| format!("=== {}\n{}", file.path, file.text))
            .collect();
        insta::assert_snapshot!(format!("setup-job-{name}"), files.concat());
    }
}

#[test]
fn the_specification_in_the_cluster_is_the_one_that_was_read() {
    let files = rendered(&preset(), None);
    let config = object(&files, "config-map.yaml");
    let text = config["data"]["irsa.yaml"].as_str().unwrap();
    assert_eq!(renderable(text).digest, preset().digest);
    assert_eq!(config["data"]["irsa.outputs.json"], Value::Null);
}

/// A Job cannot be changed. A hook is deleted by its name.
#[test]
fn the_name_of_a_job_depends_on_its_content_and_that_of_a_hook_does_not() {
    let name = |text: &str, hook| {
        let files = rendered(&renderable(text), hook);
        let job = object(&files, "apply-sql.yaml");
        job["metadata"]["name"].as_str().unwrap().to_owned()
    };
    let text = Preset::Camunda83.text();
    let other = text.replace("owner: webmodeler", "owner: modeler");
    assert_eq!(name(text, None), name(text, None));
    assert_ne!(name(text, None), name(&other, None));
    let hook = Some(Hook::ArgoCd);
    assert_eq!(name(text, hook), name(&other, hook));
}

/// Its pods must be able to start beside those of the workloads and of Kubernetes.
#[test]
fn a_namespace_that_others_use_is_left_alone() {
    let is_namespace = |file: &File| file.path.ends_with("namespace.yaml");
    for shared in ["camunda", "default", "kube-system"] {
        let shared = format!("namespace: {shared}");
        let text = Preset::Camunda83.text();
        let text = text.replace("namespace: irsa-setup", &shared);
        let files = rendered(&renderable(&text), None);
        assert!(!files.iter().any(is_namespace), "{shared}");
    }
    assert!(rendered(&preset(), None).iter().any(is_namespace));
}

#[test]
fn stores_of_other_administrators_are_named() {
    let admin = "    admin: {user: boss, password: managed}\n    databases:";
    let text = SMALL.replacen("    databases:", admin, 1)
        + "  web:\n    service_account: shop/web\n    postgres: {store: legacy, database: web}\n\
           setup: {namespace: irsa-setup}\n";
    let legacy = "postgres:\n  legacy:\n    existing: legacy\n    databases: {web: {}}\n";
    let text = text.replacen("postgres:\n", legacy, 1);
    let files = rendered(&renderable(&text), None);
    let kustomization = &files[0].text;
    let left =
        "# These Jobs do not set up `legacy`: the role of the setup is not the administrator.\n";
    assert!(kustomization.contains(left), "{kustomization}");
    let job = object(&files, "apply-sql.yaml");
    let arguments = &job["spec"]["template"]["spec"]["containers"][0]["args"];
    let expected = [
        "apply",
        "sql",
        "--file=/etc/irsa/irsa.yaml",
        "--store=orders",
    ];
    assert_eq!(arguments, &serde_json::json!(expected));
    assert!(
        files
            .iter()
            .all(|file| !file.path.ends_with("apply-opensearch.yaml"))
    );
}

#[test]
fn a_setup_without_a_role_has_no_job() {
    let target = Target::SetupJob(None);
    let refused = render(&renderable(SMALL), target, &["irsa.yaml"]).unwrap_err();
    assert!(
        refused.contains("add `setup: {namespace: irsa-setup}`"),
        "{refused}"
    );
    let refused = render(&stack(Preset::Camunda83.text()), target, &["irsa.yaml"]).unwrap_err();
    assert!(refused.contains("set `irsa.image`"), "{refused}");
}
