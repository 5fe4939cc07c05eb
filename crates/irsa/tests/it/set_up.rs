//! The commands for `irsa.yaml`: init, show, check, render.

use std::fs;
use std::path::Path;

use irsa_testing::program::{Finished, finish, irsa};
use tempfile::TempDir;

const OUTPUTS: &str = r#"{"version": 1,
  "clusters": {"camunda": {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"}},
  "postgres": {"aurora": {"endpoint": "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com", "resource_id": "cluster-ABC"}},
  "opensearch": {"camunda": {"endpoint": "search-camunda-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com"}}}"#;

fn run(folder: &Path, arguments: &[&str]) -> Finished {
    finish(irsa(arguments).current_dir(folder))
}

/// A folder with the specification of a preset.
fn preset(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let written = run(folder.path(), &["init", "--for", name]);
    assert!(
        written.printed().contains("irsa.yaml"),
        "{}",
        written.stdout
    );
    folder
}

/// A folder with a preset whose manifests can be rendered: with an image, and with the outputs of Terraform.
fn renderable_preset(name: &str) -> TempDir {
    let folder = preset(name);
    let file = folder.path().join("irsa.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("  # image: "), "{text}");
    fs::write(&file, text.replace("  # image: ", "  image: ")).unwrap();
    fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    folder
}

#[test]
fn a_preset_is_written_once_and_is_right() {
    for name in ["camunda-8.3", "camunda-8.3-reference"] {
        let folder = preset(name);
        assert!(folder.path().join("irsa.schema.json").exists());
        let checked = run(folder.path(), &["check"]);
        assert!(
            checked.printed().contains(" 0 wrong\n"),
            "{}",
            checked.stdout
        );
        assert!(
            checked.stdout.contains("decided with placeholders"),
            "{}",
            checked.stdout
        );
        let again = run(folder.path(), &["init", "--for", name]);
        assert_eq!(again.code, 1);
        assert!(
            again.errors()[0].contains("`./irsa.yaml` exists already"),
            "{}",
            again.stderr
        );
    }
}

#[test]
fn the_table_of_decisions_is_there_for_programs() {
    let folder = preset("camunda-8.3");
    let table = run(folder.path(), &["check", "--output", "json"]).json();
    assert_eq!(table["right"], true);
    assert_eq!(table["decisions"][0]["workload"], "keycloak");
    assert_eq!(table["decisions"][0]["decision"], "allowed");
    assert_eq!(table["placeholders"].as_array().unwrap().len(), 3);
}

#[test]
fn later_files_are_laid_over_and_each_value_says_where_it_is_from() {
    let folder = preset("camunda-8.3");
    fs::write(
        folder.path().join("prod.yaml"),
        "aws: {region: eu-west-1}\n",
    )
    .unwrap();
    let shown = run(
        folder.path(),
        &["show", "-f", "irsa.yaml", "-f", "prod.yaml"],
    );
    assert!(
        shown
            .printed()
            .contains("  region: eu-west-1  # prod.yaml:1\n"),
        "{}",
        shown.stdout
    );
    let shown = run(
        folder.path(),
        &[
            "show",
            "--output",
            "json",
            "-f",
            "irsa.yaml",
            "-f",
            "prod.yaml",
        ],
    );
    assert_eq!(shown.json()["aws"]["region"]["file"], "prod.yaml");
}

#[test]
fn every_mistake_is_drawn_in_its_line() {
    let folder = preset("camunda-8.3");
    let file = folder.path().join("irsa.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("component: zeebe", "component: zebe")
            .replace("\nirsa:", "\nirsaa:"),
    )
    .unwrap();
    let refused = run(folder.path(), &["check"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("`component`: `zebe` is not a valid value"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("^^^^ did you mean `zeebe`?"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("did you mean `irsa`?"),
        "{}",
        refused.stderr
    );
    let refused = run(folder.path(), &["check", "--output", "json"]);
    let first: serde_json::Value =
        serde_json::from_str(refused.stderr.lines().next().unwrap()).unwrap();
    let message = first["message"].as_str().unwrap();
    assert!(message.starts_with("irsa.yaml:"), "{message}");
}

#[test]
fn a_missing_file_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &["check"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.errors()[0].contains("cannot read `irsa.yaml`"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.errors()[0].contains("irsa init"),
        "{}",
        refused.stderr
    );
    let refused = run(
        preset("camunda-8.3").path(),
        &["check", "--outputs", "nowhere.json"],
    );
    assert!(
        refused.errors()[0].contains("--outputs: cannot read `nowhere.json`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn manifests_wait_for_what_terraform_creates() {
    let folder = preset("camunda-8.3");
    let refused = run(folder.path(), &["render", "kubernetes", "--out", "."]);
    assert_eq!(refused.code, 1);
    assert!(
        refused
            .stderr
            .contains("endpoint and resource ID of `aurora`, endpoint of `camunda`"),
        "{}",
        refused.stderr
    );
    assert!(
        refused
            .stderr
            .contains("terraform output -json irsa > irsa.outputs.json"),
        "{}",
        refused.stderr
    );
    fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    let refused = run(folder.path(), &["render", "kubernetes", "--out", "."]);
    assert_eq!(refused.code, 1);
    let expected = "the image of irsa is unknown: set `irsa.image`";
    assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    let folder = renderable_preset("camunda-8.3");
    run(folder.path(), &["render", "kubernetes", "--out", "."]).printed();
    let patch = fs::read_to_string(
        folder
            .path()
            .join("kubernetes/camunda/keycloak-sidecar.yaml"),
    )
    .unwrap();
    assert!(
        patch.contains("aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com:5432"),
        "{patch}"
    );
}

/// The outputs are written by what is rendered, and must not decide about it.
#[test]
fn terraform_does_not_depend_on_what_it_creates() {
    let folder = preset("camunda-8.3");
    run(folder.path(), &["render", "terraform", "--out", "."]).printed();
    fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    let hidden = folder.path().join("terraform/.terraform");
    fs::create_dir(&hidden).unwrap();
    let versions = folder.path().join("terraform/versions.tf");
    fs::copy(&versions, hidden.join("copy.tf")).unwrap();
    let again = &["render", "terraform", "--out", ".", "--check"];
    assert_eq!(run(folder.path(), again).code, 0);
    let reference = &[
        "render",
        "terraform",
        "--out",
        ".",
        "--versions",
        "reference",
    ];
    run(folder.path(), reference).printed();
    let versions = fs::read_to_string(versions).unwrap();
    assert!(versions.contains("\"~> 5.9.0\""), "{versions}");
    for (arguments, expected) in [
        (
            &["render", "sql", "--out", ".", "--versions", "newest"][..],
            "--versions: has an effect on `terraform` only",
        ),
        (
            &[
                "render",
                "terraform",
                "--out",
                ".",
                "--outputs",
                "irsa.outputs.json",
            ][..],
            "--outputs: has no effect on `terraform`",
        ),
        (
            &[
                "render",
                "terraform",
                "--out",
                ".",
                "--versions",
                "aws=5,iam=6",
            ][..],
            "these versions do not go together",
        ),
    ] {
        let refused = run(folder.path(), arguments);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
}

#[test]
fn rendered_files_follow_the_specification_and_others_are_left_alone() {
    let folder = renderable_preset("camunda-8.3");
    let render = |more: &[&str]| {
        let arguments = [&["render", "kubernetes", "--out", "out"], more].concat();
        run(folder.path(), &arguments)
    };
    let zeebe = folder
        .path()
        .join("out/kubernetes/camunda/zeebe-sidecar.yaml");
    let missing = render(&["--check"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    assert!(
        missing
            .stdout
            .contains("+++ out/kubernetes/camunda/zeebe-sidecar.yaml"),
        "{}",
        missing.stdout
    );
    assert!(!zeebe.exists(), "--check changes nothing");
    render(&[]).printed();
    assert!(zeebe.exists());
    assert_eq!(render(&["--check"]).code, 0);
    // A file of the user's stays, also in the same folder.
    let own = folder.path().join("out/kubernetes/camunda/own.yaml");
    fs::write(&own, "kind: ConfigMap\n").unwrap();
    fs::write(
        folder.path().join("less.yaml"),
        "workloads: {zeebe: null}\n",
    )
    .unwrap();
    let less = render(&["-f", "irsa.yaml", "-f", "less.yaml"]);
    assert!(
        less.printed()
            .contains("removed out/kubernetes/camunda/zeebe-sidecar.yaml"),
        "{}",
        less.stdout
    );
    assert!(!zeebe.exists() && own.exists());
    // What the user wrote in our place is not overwritten.
    fs::write(&zeebe, "kind: Secret\n").unwrap();
    let refused = render(&[]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.errors()[0].contains("was not rendered by irsa"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(&zeebe).unwrap(), "kind: Secret\n");
}

#[test]
fn two_set_ups_in_one_directory_leave_the_files_of_each_other_alone() {
    let folder = renderable_preset("camunda-8.3");
    let render = |more: &[&str]| {
        let arguments = [&["render", "kubernetes", "--out", "."], more].concat();
        run(folder.path(), &arguments)
    };
    render(&[]).printed();
    let zeebe = folder.path().join("kubernetes/camunda/zeebe-sidecar.yaml");
    let before = fs::read_to_string(&zeebe).unwrap();
    // Another set-up in the same cluster has the same files.
    fs::write(folder.path().join("other.yaml"), "name: camunda-2\n").unwrap();
    let other = ["-f", "irsa.yaml", "-f", "other.yaml"];
    let refused = render(&other);
    assert_eq!(refused.code, 1);
    let expected = "was rendered for the setup `camunda`, and this is `camunda-2`";
    assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    // One in another cluster has other files, and removes none.
    let elsewhere = "clusters: {camunda: null, second: {existing: true}}\n";
    fs::write(folder.path().join("elsewhere.yaml"), elsewhere).unwrap();
    fs::write(
        folder.path().join("second.json"),
        OUTPUTS.replace("\"clusters\": {\"camunda\"", "\"clusters\": {\"second\""),
    )
    .unwrap();
    let more = ["-f", "elsewhere.yaml", "--outputs", "second.json"];
    let rendered = render(&[&other[..], &more].concat());
    assert!(
        !rendered.printed().contains("removed"),
        "{}",
        rendered.stdout
    );
    assert!(
        folder
            .path()
            .join("kubernetes/second/zeebe-sidecar.yaml")
            .exists()
    );
    assert_eq!(fs::read_to_string(&zeebe).unwrap(), before);
}

#[test]
fn a_symbolic_link_does_not_lead_out_of_the_directory() {
    let elsewhere = tempfile::tempdir().unwrap();
    for link in ["kubernetes", "kubernetes/camunda"] {
        let folder = renderable_preset("camunda-8.3");
        let link = folder.path().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let refused = run(folder.path(), &["render", "kubernetes", "--out", "."]);
        assert_eq!(refused.code, 1);
        let expected = "is a symbolic link or a file, not a folder";
        assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_schema_that_is_different_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("irsa.schema.json");
    fs::write(&schema, "{}\n").unwrap();
    let arguments = ["init", "--for", "camunda-8.3"];
    let refused = run(folder.path(), &arguments);
    assert_eq!(refused.code, 1);
    let expected = "`./irsa.schema.json` exists and is different";
    assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&schema).unwrap(), "{}\n");
    assert!(!folder.path().join("irsa.yaml").exists());
    run(folder.path(), &[&arguments[..], &["--force"]].concat()).printed();
    assert!(fs::read_to_string(&schema).unwrap().len() > 1000);
    // The same schema is not in the way of a second specification.
    fs::remove_file(folder.path().join("irsa.yaml")).unwrap();
    run(folder.path(), &arguments).printed();
}

#[test]
fn an_endless_file_is_refused() {
    let folder = preset("camunda-8.3");
    for arguments in [
        ["check", "-f", "/dev/zero"],
        ["check", "--outputs", "/dev/zero"],
    ] {
        let refused = run(folder.path(), &arguments);
        assert_eq!(refused.code, 2);
        let expected = "cannot read `/dev/zero`: it has more than 4194304 bytes";
        assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    }
}

/// The component in a user's own kustomization, by the Kustomize in kubectl.
#[test]
fn kustomize_adds_the_sidecar_to_labeled_workloads_before_everything_else() {
    let Some(mut kubectl) = kubectl() else {
        return;
    };
    let folder = renderable_preset("camunda-8.3");
    run(folder.path(), &["render", "kubernetes", "--out", "."]).printed();
    let kustomization = "resources: [apps.yaml]\ncomponents: [kubernetes/camunda]\n";
    fs::write(folder.path().join("kustomization.yaml"), kustomization).unwrap();
    fs::write(folder.path().join("apps.yaml"), APPS).unwrap();
    let built = kubectl
        .arg("kustomize")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let text = String::from_utf8(built.stdout).unwrap();
    let documents: Vec<_> = text.split("\n---\n").collect();
    let named = |kind: &str, name: &str| {
        let has = |line: String| move |document: &&&str| document.contains(&line);
        let mut found = documents.iter().filter(has(format!("kind: {kind}\n")));
        found
            .find(|document| document.contains(&format!("\n  name: {name}\n")))
            .unwrap()
            .to_string()
    };
    let keycloak = named("Deployment", "sso");
    let (irsa, migrate) = (
        keycloak.find("name: irsa\n").unwrap(),
        keycloak.find("name: migrate\n").unwrap(),
    );
    assert!(irsa < migrate, "{keycloak}");
    assert!(keycloak.contains("fsGroup: 1000"), "{keycloak}");
    assert!(
        keycloak.contains("serviceAccountName: keycloak"),
        "{keycloak}"
    );
    assert!(
        named("StatefulSet", "broker").contains("opensearch://search-camunda-"),
        "{text}"
    );
    assert!(!named("Deployment", "other").contains("irsa"), "{text}");
    assert_eq!(text.matches("kind: ServiceAccount").count(), 4, "{text}");
}

/// Two workloads with labels, one without.
const APPS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: sso, namespace: camunda, labels: {irsa.dev/workload: keycloak}}
spec:
  selector: {matchLabels: {app: sso}}
  template:
    metadata: {labels: {app: sso}}
    spec:
      securityContext: {fsGroup: 1000}
      initContainers: [{name: migrate, image: sso}]
      containers: [{name: sso, image: sso}]
      volumes: [{name: data, emptyDir: {}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: broker, namespace: camunda, labels: {irsa.dev/workload: zeebe}}
spec:
  selector: {matchLabels: {app: broker}}
  template:
    metadata: {labels: {app: broker}}
    spec:
      containers: [{name: broker, image: broker}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, namespace: camunda}
spec:
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec:
      containers: [{name: other, image: other}]
";

/// Runs kubectl. Without one its test is skipped, unless `IRSA_REQUIRE_CLIENTS=1`.
#[expect(
    clippy::print_stderr,
    reason = "a reader of the test's output should know"
)]
fn kubectl() -> Option<std::process::Command> {
    let found = std::process::Command::new("kubectl")
        .args(["version", "--client"])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(std::process::Command::new("kubectl"));
    }
    let is_required = std::env::var_os("IRSA_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(!is_required, "kubectl is missing");
    eprintln!("skipped: kubectl is missing");
    None
}

/// `prevent_destroy` has no effect once the code of a store is gone.
#[test]
fn the_code_of_a_created_store_is_removed_on_demand_only() {
    let folder = preset("camunda-8.3");
    let specification = folder.path().join("irsa.yaml");
    let before = fs::read_to_string(&specification).unwrap();
    let render = ["render", "terraform", "--out", "."];
    let domain = folder.path().join("terraform/opensearch-camunda.tf");
    for (from, to, kept) in [
        // A new key, in the store and in the workloads.
        (
            "aurora",
            "sql",
            "terraform state rm aws_db_subnet_group.aurora aws_security_group.postgres_aurora ",
        ),
        (
            "create: {engine_version: OpenSearch_2.5, instance: r6g.large.search, instances: 3, volume: 100GiB}",
            "existing: camunda",
            " aws_opensearch_domain.camunda`",
        ),
    ] {
        assert!(before.contains(from), "{before}");
        fs::write(&specification, &before).unwrap();
        run(folder.path(), &[&render[..], &["--drop-stores"]].concat()).printed();
        let rendered = fs::read_to_string(&domain).unwrap();
        fs::write(&specification, before.replace(from, to)).unwrap();
        let refused = run(folder.path(), &render);
        assert_eq!(refused.code, 1, "{}", refused.stdout);
        assert!(
            refused
                .stderr
                .contains("would destroy the store and its data"),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains(kept), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(&domain).unwrap(), rendered);
        run(folder.path(), &[&render[..], &["--drop-stores"]].concat()).printed();
        run(folder.path(), &render).printed();
    }
    let other = run(
        folder.path(),
        &["render", "sql", "--out", ".", "--drop-stores"],
    );
    assert!(
        other
            .stderr
            .contains("--drop-stores: has an effect on `terraform` only"),
        "{}",
        other.stderr
    );
}
