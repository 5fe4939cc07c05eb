//! A reader's machine: a directory, a cluster, Terraform and Helm, and the lab in place of AWS.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use interop::client::tool;
use interop::server::cache_folder;
use irsa_components::GoError;
use irsa_components::helm;
use irsa_components::opensearch::OpenSearchBinaries;
use irsa_components::terraform::{RootModule, Terraform, TerraformError};
use irsa_lab::Lab;
use irsa_testing::program::{finish, irsa, path};
use irsa_testing::skip;
use serde_json::Value;
use tempfile::TempDir;

use super::super::manifests::Cluster;
use super::super::steps::{Shell, Step};
use super::{lab, pods, stand_ins};

/// A chart that hands values to pods as Camunda's does.
const CHART: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../scenarios/tests/it/rendered_helm/chart"
);
const CHART_METADATA: &str = "apiVersion: v2\nname: camunda-platform\nversion: 12.13.3\n";
/// The administrator of the domain that the guide names.
const DOMAIN_ADMIN: &str = "arn:aws:iam::111122223333:role/search-admin";
/// What `terraform output` writes, after which the lab plays what Terraform has created.
const OUTPUTS: &str = "irsa.outputs.json";

/// What exists before the first step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before {
    Nothing,
    /// Camunda, whose components log in with passwords.
    Passwords,
}

/// The values of a Camunda that logs in with passwords.
const WITH_PASSWORDS: &str = "identityKeycloak:
  enabled: true
  postgresql: {enabled: false}
  externalDatabase:
    host: camunda-db.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com
    port: 5432
    database: keycloak
    user: keycloak
    existingSecret: database
  serviceAccount: {create: true, name: keycloak}
  extraEnvVars: [{name: KC_LOG_LEVEL, value: info}]
webModeler:
  enabled: true
  serviceAccount: {enabled: true, name: web-modeler}
  restapi:
    externalDatabase:
      url: jdbc:postgresql://camunda-db.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com:5432/webmodeler
      user: webmodeler
zeebe: {serviceAccount: {enabled: true, name: zeebe}}
operate: {serviceAccount: {enabled: true, name: operate}}
tasklist: {serviceAccount: {enabled: true, name: tasklist}}
optimize: {enabled: false}
";
const INSTALL: &str = "kubectl create namespace camunda
helm install camunda camunda/camunda-platform --version 12.13.3 --namespace camunda --values values.yaml";

pub(super) struct Scene {
    before: Before,
    cluster: Cluster,
    /// It serves modules while it exists.
    _terraform: RootModule,
    lab: Option<Lab>,
    shell: Shell,
    folder: TempDir,
}

impl Scene {
    /// Returns `None` after printing the reason if a program is missing.
    pub(super) async fn set(before: Before) -> Option<Self> {
        if let Err(error) = OpenSearchBinaries::check_java(None).await {
            skip(error);
            return None;
        }
        let (kubectl, cluster) = (tool("kubectl")?, Cluster::start().await?);
        let (terraform, helm) = (terraform().await?, helm().await?);
        let folder = tempfile::tempdir().unwrap();
        let (lab, home) = (folder.path().join("lab"), folder.path().join("home"));
        fs::create_dir_all(home.join("camunda")).unwrap();
        copy(Path::new(CHART), &home.join("camunda/camunda-platform"));
        fs::write(
            home.join("camunda/camunda-platform/Chart.yaml"),
            CHART_METADATA,
        )
        .unwrap();
        let kubectl = PathBuf::from(kubectl.get_program());
        let programs = stand_ins::write(&lab, &path("irsa"), &kubectl, &helm);
        let terraform = terraform.root_module(&home.join("terraform")).unwrap();
        let mut environment = environment(&terraform);
        let kubeconfig = cluster.kubernetes.kubeconfig();
        let own: [(&str, OsString); 4] = [
            ("PATH", with(&programs)),
            ("LAB", lab.clone().into()),
            ("KUBECONFIG", kubeconfig.into()),
            ("HOME", home.clone().into()),
        ];
        environment.extend(own.map(|(name, value)| (name.into(), value)));
        let shell = Shell::new(home.clone(), environment, lab.join("shell"));
        if matches!(before, Before::Passwords) {
            fs::write(home.join("values.yaml"), WITH_PASSWORDS).unwrap();
            shell.run(&Step::new(INSTALL));
        }
        Some(Self {
            before,
            cluster,
            _terraform: terraform,
            lab: None,
            shell,
            folder,
        })
    }

    /// Runs a step. After Terraform has created the data stores, they are the lab's.
    pub(super) async fn run(&mut self, step: &Step) {
        self.shell.run(step);
        if self.lab.is_none() && self.shell.file(OUTPUTS).is_some() {
            let home = self.folder.path().join("home");
            let render = ["render", "lab", "--out", "../lab"];
            finish(irsa(&render).current_dir(&home)).printed();
            let folder = self.folder.path().join("lab");
            let world = fs::read_to_string(folder.join("lab/world.yaml")).unwrap();
            let lab = lab::start(&world, self.before).await;
            lab::write(&lab, &folder);
            if matches!(self.before, Before::Passwords) {
                lab::write_profile(&lab, DOMAIN_ADMIN, &home);
            }
            self.lab = Some(lab);
        }
        if self.lab.is_some() && step.script.contains("helm ") {
            pods::replace(&self.cluster.kubernetes.kubeconfig(), "camunda");
        }
    }

    /// Checks that Helm has installed this number of sidecars, each with the endpoint of the lab.
    pub(super) fn assert_pods_reach_the_lab(&self, number: usize) {
        let facts = self.lab.as_ref().unwrap().facts();
        let clusters = facts.clusters.iter().map(|one| one.endpoint.as_str());
        let domains = facts.domains.iter().map(|one| one.endpoint.as_str());
        let endpoints: Vec<_> = clusters.chain(domains).collect();
        let text = self.kubectl(&[
            "get",
            "statefulsets,deployments",
            "--all-namespaces",
            "-o",
            "json",
        ]);
        let objects: Value = serde_json::from_str(&text).unwrap();
        let mut found = 0;
        for object in objects["items"].as_array().unwrap() {
            let irsa = &object["spec"]["template"]["spec"]["initContainers"][0];
            assert_eq!(irsa["name"], "irsa", "{object}");
            let variables = irsa["env"].as_array().unwrap().iter();
            let mut upstreams = variables.filter(|one| one["name"] == "IRSA_UPSTREAMS");
            let upstream = upstreams.next().unwrap()["value"].as_str().unwrap();
            let is_the_labs = endpoints.iter().any(|endpoint| upstream.contains(endpoint));
            assert!(is_the_labs, "{upstream}: {endpoints:?}");
            found += 1;
        }
        assert_eq!(found, number, "{text}");
    }

    /// Fails unless a condition holds in a database.
    pub(super) async fn assert_holds(&self, database: &str, condition: &str) {
        let check = format!(
            "DO $$ BEGIN IF NOT ({condition}) THEN RAISE EXCEPTION 'it does not hold'; END IF; END $$"
        );
        lab::execute(self.lab.as_ref().unwrap(), database, &check).await;
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        let mut kubectl = tool("kubectl").unwrap();
        let kubeconfig = self.cluster.kubernetes.kubeconfig();
        let output = kubectl
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) async fn strike(self) {
        if let Some(lab) = self.lab {
            lab.stop().await;
        }
        self.cluster.kubernetes.stop().await.unwrap();
    }
}

async fn terraform() -> Option<Terraform> {
    match Terraform::locate(&cache_folder().unwrap(), &|_| {}).await {
        Err(error @ (TerraformError::Missing | TerraformError::Go(GoError::Missing { .. }))) => {
            skip(error);
            None
        }
        located => Some(located.unwrap()),
    }
}

async fn helm() -> Option<PathBuf> {
    match helm::locate(&cache_folder().unwrap(), &|_| {}).await {
        Err(error @ GoError::Missing { .. }) => {
            skip(error);
            None
        }
        located => Some(located.unwrap()),
    }
}

/// The variables with which Terraform finds the stand-ins only.
fn environment(terraform: &RootModule) -> Vec<(OsString, OsString)> {
    let command: Command = terraform.command(&[]);
    let variables = command.get_envs();
    let is_terraforms = |name: &OsString| name.to_string_lossy().starts_with("TF_");
    variables
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .filter(|(name, _)| is_terraforms(name))
        .collect()
}

/// The search path with a directory before all others.
fn with(programs: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [programs.to_owned()];
    let folders = folders.into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

fn copy(source: &Path, target: &Path) {
    fs::create_dir_all(target).unwrap();
    for entry in fs::read_dir(source).unwrap() {
        let source = entry.unwrap().path();
        let target = target.join(source.file_name().unwrap());
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).unwrap();
        }
    }
}
