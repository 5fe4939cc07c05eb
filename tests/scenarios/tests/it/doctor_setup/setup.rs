//! A setup in a folder: its specification, and what irsa renders from it.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use irsa_testing::program::{Finished, finish, irsa};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::{Cluster, ISSUER};
use crate::moto::{ACCOUNT, Moto};

/// A setup whose roles and data stores exist in AWS.
pub(super) struct Setup {
    folder: TempDir,
    /// The roles of the rendered world: ARN, trust policy, policies.
    pub(super) roles: Vec<Value>,
    /// The key of the domain.
    pub(super) domain: &'static str,
}

impl Setup {
    /// Sets up the account of moto as the preset with `overlay` specifies it.
    pub(super) fn new(preset: &str, overlay: &str, aws: &mut Moto) -> Self {
        let folder = tempfile::tempdir().unwrap();
        finish(irsa(&["init", "--for", preset, "--out"]).arg(folder.path())).printed();
        let file = folder.path().join("irsa.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("111122223333", ACCOUNT);
        fs::write(&file, text.replace("  # image: ", "  image: ")).unwrap();
        let overlay = format!("# of the test\n{overlay}");
        fs::write(folder.path().join("overlay.yaml"), overlay).unwrap();
        let domain = if preset == "camunda-8.3" {
            "camunda"
        } else {
            "test-domain"
        };
        let mut setup = Self {
            folder,
            roles: Vec::new(),
            domain,
        };
        setup.create_stores(aws);
        setup.create_roles(aws);
        setup
            .irsa(&["render", "kubernetes", "--out", "."])
            .printed();
        setup
    }

    /// Creates the OIDC provider, the data stores and the associations, and writes their names as Terraform's output.
    fn create_stores(&self, aws: &mut Moto) {
        let domain = self.domain;
        let reports = json!({"namespace": "bi", "serviceAccount": "reports",
                             "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/camunda-reports")});
        let names = aws.set(&json!({
            "providers": [{"url": ISSUER, "client_ids": ["sts.amazonaws.com"]}],
            "role": null,
            "cluster": {"name": "aurora", "iam": true, "stopped": false},
            "domain": {"name": domain, "access_policy": null, "fine_grained": true, "https": true, "deleted": false},
            "associations": {"camunda": if domain == "camunda" { vec![reports] } else { Vec::new() }},
            "denied": [],
        }));
        let outputs = json!({
            "version": 1,
            "clusters": {"camunda": {"issuer": ISSUER}},
            "postgres": {"aurora": {"endpoint": names["CLUSTER"], "resource_id": names["RESOURCE_ID"]}},
            "opensearch": {domain: {"endpoint": names["DOMAIN"]}},
        });
        fs::write(self.path("irsa.outputs.json"), outputs.to_string()).unwrap();
    }

    /// Writes the issuers of the clusters, as Terraform's output has them.
    pub(super) fn set_issuers(&self, clusters: &Value) {
        let path = self.path("irsa.outputs.json");
        let mut outputs: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        outputs["clusters"] = clusters.clone();
        fs::write(path, outputs.to_string()).unwrap();
    }

    /// Creates the roles with the policies that irsa renders for the lab.
    fn create_roles(&mut self, aws: &mut Moto) {
        self.irsa(&["render", "lab", "--out", "."]).printed();
        let world = fs::read_to_string(self.path("lab/world.yaml")).unwrap();
        let world: Value = serde_saphyr::from_str(&world).unwrap();
        for role in world["roles"].as_array().unwrap() {
            let arn = role["arn"].as_str().unwrap();
            let name = arn.rsplit('/').next().unwrap();
            let trust = quoted(&role["trust_policy"]);
            aws.run(&format!(
                "aws iam create-role --role-name {name} --assume-role-policy-document {trust}"
            ));
            for policy in role["policies"].as_array().into_iter().flatten() {
                let (policy_name, document) = (
                    policy["name"].as_str().unwrap(),
                    quoted(&policy["document"]),
                );
                aws.run(&format!(
                    "aws iam put-role-policy --role-name {name} --policy-name {policy_name} --policy-document {document}"
                ));
            }
            self.roles.push(role.clone());
        }
    }

    /// The objects of an application for each workload, with the rendered component.
    pub(super) fn kubernetes_objects(&self) -> Vec<Value> {
        let shown = self.irsa(&["show", "--output", "json"]).json();
        let workloads = shown["workloads"].as_object().unwrap().iter();
        let applications = workloads.map(|(key, workload)| {
            let account = workload["service_account"]["value"].as_str().unwrap();
            let (namespace, _) = account.split_once('/').unwrap();
            application(key, namespace).to_string()
        });
        let applications: Vec<_> = applications.collect();
        fs::write(self.path("apps.yaml"), applications.join("\n---\n")).unwrap();
        let kustomization = "resources: [apps.yaml]\ncomponents: [kubernetes/camunda]\n";
        fs::write(self.path("kustomization.yaml"), kustomization).unwrap();
        let built = Command::new("kubectl")
            .args(["kustomize", "."])
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{errors}");
        let text = String::from_utf8(built.stdout).unwrap();
        let documents = text.split("\n---\n");
        documents
            .map(|one| serde_saphyr::from_str(one).unwrap())
            .collect()
    }

    /// Runs the doctor as an operator, with credentials that may read everything.
    pub(super) fn doctor(&self, cluster: &Cluster, aws: &Moto, arguments: &[&str]) -> Finished {
        self.doctor_with(cluster.kubeconfig().as_os_str(), aws, arguments)
    }

    /// Runs the doctor with a list of kubeconfig files.
    pub(super) fn doctor_with(
        &self,
        kubeconfig: &OsStr,
        aws: &Moto,
        arguments: &[&str],
    ) -> Finished {
        let mut command = irsa(&["doctor", "-f", "irsa.yaml", "-f", "overlay.yaml"]);
        command
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", irsa_testing::secrets::GIVEN)
            .env("AWS_ENDPOINT_URL", &aws.url)
            .env("AWS_ENDPOINT_URL_STS", &aws.url)
            .current_dir(&self.folder);
        finish(&mut command)
    }

    /// The number of the line of `irsa.yaml` that is this text.
    pub(super) fn line_of(&self, line: &str) -> usize {
        let text = fs::read_to_string(self.path("irsa.yaml")).unwrap();
        1 + text.lines().position(|one| one == line).expect("the line")
    }

    fn irsa(&self, arguments: &[&str]) -> Finished {
        let mut command = irsa(arguments);
        command
            .args(["-f", "irsa.yaml", "-f", "overlay.yaml"])
            .current_dir(&self.folder);
        finish(&mut command)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}

/// Runs a command of a remedy. Where it restarts a Deployment, or its note says to delete the pods, replaces the pod
/// as the controller does.
pub(super) fn run(command: &str, cluster: &Cluster, aws: &mut Moto) {
    if command.starts_with("aws ") {
        return aws.run(command);
    }
    if let Some(rest) = command.strip_prefix("replace pod ") {
        let (namespace, deployment) = rest.split_once('/').unwrap();
        return cluster.replace_pod(namespace, deployment);
    }
    cluster.shell(command);
    if let Some((before, deployment)) = command.split_once(" rollout restart deployment/") {
        let namespace = before.rsplit(' ').next().unwrap();
        cluster.replace_pod(namespace, deployment);
    }
}

/// A text as a word of a shell; policies contain no single quotes.
pub(super) fn quoted(text: &Value) -> String {
    format!("'{}'", text.as_str().unwrap())
}

fn application(key: &str, namespace: &str) -> Value {
    let labels = json!({"app": key});
    let container = json!({"name": "app", "image": "registry.example.com/app:1"});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": key, "namespace": namespace, "labels": {"irsa.dev/workload": key}},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    })
}
