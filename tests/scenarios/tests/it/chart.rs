//! The Helm chart, rendered by a real Helm.

mod lifecycle;
mod manifests;
mod objects;
mod values;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use irsa_testing::program::{Finished, finish};
use serde_json::Value;
use tempfile::TempDir;

use crate::helm;
use crate::kubernetes::ApiServer;

/// The namespace and the name of the release.
pub(crate) const NAMESPACE: &str = "irsa-system";
const RELEASE: &str = "irsa";
/// The only value without a default.
const REPOSITORY: &str = "image.repository=registry.example.com/irsa";

/// Sets of values that together reach every branch of the templates.
const BRANCHES: [&[&str]; 9] = [
    &[],
    &[
        "image.tag=1.2.3",
        "image.pullPolicy=Always",
        "image.pullSecrets={registry}",
    ],
    &["image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],
    &[
        "sidecar.image=registry.example.com/irsa:1.2.3",
        "sidecar.pullPolicy=Always",
        "sidecar.pullSecrets={registry,mirror}",
        "sidecar.region=eu-central-1",
        "sidecar.cpuLimit=500m",
    ],
    &[
        "webhook.excludedNamespaces={monitoring,kube-system}",
        "webhook.malformedRoleArn=deny",
        "webhook.servicePort=8443",
    ],
    &["certificates.certManager.enabled=true"],
    &[
        "certificates.certManager.enabled=true",
        "certificates.certManager.issuerRef.name=company",
        "certificates.certManager.issuerRef.kind=ClusterIssuer",
    ],
    &[
        "monitoring.labels.release=prometheus",
        "monitoring.serviceMonitor.enabled=true",
        "monitoring.podMonitor.enabled=true",
        "monitoring.prometheusRule.enabled=true",
        "monitoring.dashboard.enabled=true",
        "networkPolicy.enabled=true",
        "networkPolicy.apiServerCidrs={10.0.0.0/24,2001:db8::/64}",
    ],
    &[
        "networkPolicy.enabled=true",
        "podDisruptionBudget.enabled=false",
        "priorityClassName=",
        "nodeSelector.pool=system",
        "tolerations[0].operator=Exists",
        "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution=null",
        "topologySpreadConstraints[0].topologyKey=kubernetes.io/hostname",
        "topologySpreadConstraints[0].maxSkew=2",
        "topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule",
        "podAnnotations.team=platform",
        "podLabels.team=platform",
        "serviceAccountAnnotations.team=platform",
    ],
];

/// Helm, with an empty home directory.
pub(crate) struct Helm {
    program: PathBuf,
    home: TempDir,
}

// === impl Helm ===

impl Helm {
    /// If Go is missing, prints why the test is skipped.
    pub(crate) fn start() -> Option<Self> {
        let program = helm::program()?;
        let home = tempfile::tempdir().unwrap();
        Some(Self { program, home })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path());
        command
    }

    /// Renders the chart with these values beside [`REPOSITORY`].
    fn template(&self, values: &[&str]) -> Finished {
        let mut command = self.command(&["template", RELEASE]);
        command.arg(folder()).args(["--namespace", NAMESPACE]);
        finish(command.args(assignments(values)))
    }

    /// Installs the chart with these values beside [`REPOSITORY`].
    pub(crate) fn install(&self, server: &ApiServer, options: &[&str], values: &[&str]) {
        let mut command = self.command(&["install", RELEASE, "--create-namespace"]);
        command
            .arg(folder())
            .args(["--namespace", NAMESPACE])
            .args(options)
            .args(assignments(values))
            .env("KUBECONFIG", server.kubeconfig());
        finish(&mut command).printed();
    }

    /// The rendered objects.
    fn objects(&self, values: &[&str]) -> Vec<Value> {
        let rendered = self.template(values);
        let objects: Vec<Value> = serde_saphyr::from_multiple(rendered.printed()).unwrap();
        objects.into_iter().filter(Value::is_object).collect()
    }
}

/// The options that set values.
fn assignments<'v>(values: &[&'v str]) -> Vec<&'v str> {
    let values = values.iter().copied();
    let all = [REPOSITORY].into_iter().chain(values);
    all.flat_map(|value| ["--set", value]).collect()
}

/// The directory of the chart.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/charts/irsa")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}
