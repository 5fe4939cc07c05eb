//! `cargo xtask suites charts --from DIR`: renders Camunda's real charts, from a checkout of
//! camunda/camunda-platform-helm, with the values that `irsa render helm-values` writes, and checks that every pod has
//! its sidecar and is sent to it.

mod assemble;
mod objects;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use irsa_components::helm;
use irsa_testing::program::{finish, irsa};
use serde_json::Value;
use tempfile::TempDir;

use self::objects::{Objects, Pod};
use crate::Error;
use crate::server::cache_folder;

/// What is common to the set-ups of all versions.
const HEAD: &str = include_str!("charts/head.yaml");

/// A version of Camunda, and what the test needs.
struct Case {
    version: &'static str,
    /// Workloads besides those of Keycloak, Web Modeler and Identity.
    workloads: &'static [(&'static str, &'static str)],
    has_keycloak: bool,
    /// Values that install the components.
    enabled: &'static str,
}

const CASES: [Case; 6] = [
    Case {
        version: "8.3",
        workloads: &[("zeebe", SEARCH), ("operate", SEARCH), ("tasklist", SEARCH)],
        has_keycloak: false,
        enabled: include_str!("charts/enabled-8.3.yaml"),
    },
    Case {
        version: "8.7",
        workloads: &[
            ("zeebe", SEARCH),
            ("operate", SEARCH),
            ("tasklist", SEARCH),
            ("optimize", SEARCH),
        ],
        has_keycloak: true,
        enabled: include_str!("charts/enabled-8.7.yaml"),
    },
    Case {
        version: "8.8",
        workloads: &[("orchestration", SEARCH), ("optimize", SEARCH)],
        has_keycloak: true,
        enabled: include_str!("charts/enabled-8.8.yaml"),
    },
    Case {
        version: "8.9",
        workloads: &[("orchestration", SEARCH), ("optimize", SEARCH)],
        has_keycloak: true,
        enabled: include_str!("charts/enabled-8.9.yaml"),
    },
    Case {
        version: "8.9",
        workloads: &[("orchestration", STORAGE)],
        has_keycloak: true,
        enabled: include_str!("charts/enabled-8.9-storage.yaml"),
    },
    Case {
        version: "8.10",
        workloads: &[("orchestration", SEARCH), ("optimize", SEARCH)],
        has_keycloak: false,
        enabled: include_str!("charts/enabled-8.10.yaml"),
    },
];

const SEARCH: &str = "opensearch: {store: search}";
const STORAGE: &str = "postgres: {store: aurora, database: storage, user: \"{{ storage }}\"}";

/// What was found in the chart of a version.
#[derive(Debug)]
pub struct Outcome {
    /// The chart, and its version.
    pub chart: String,
    /// Workloads whose pod has its sidecar and what sends it there.
    pub workloads: Vec<String>,
    /// Workloads that lack something, with what.
    pub problems: Vec<String>,
    /// Pods that are sent to a sidecar but lack one.
    pub without: Vec<String>,
}

/// Renders every version of the chart in a checkout.
///
/// # Errors
/// A chart can't be rendered.
pub async fn run(from: &Path, tell: &(dyn Fn(&str) + Send + Sync)) -> Result<Vec<Outcome>, Error> {
    let helm = helm::locate(&cache_folder()?, tell).await?;
    let cases = CASES.iter();
    cases.map(|case| outcome(&helm, from, case)).collect()
}

fn outcome(helm: &Path, from: &Path, case: &Case) -> Result<Outcome, Error> {
    let folder = tempfile::tempdir()?;
    let charts = from.join("charts");
    let chart = folder.path().join("chart");
    let source = charts.join(format!("camunda-platform-{}", case.version));
    assemble::chart(&charts, &source, &chart)?;
    render(folder.path(), case)?;
    let objects = template(helm, &folder, &chart, case)?;
    let mut outcome = Outcome {
        chart: format!("{} ({})", case.version, assemble::version(&chart)?),
        workloads: Vec::new(),
        problems: Vec::new(),
        without: objects.sent_without_sidecar(),
    };
    for (workload, needles) in case.expected() {
        let patch = folder
            .path()
            .join(format!("kubernetes/prod/{workload}-sidecar.yaml"));
        let patch: Value = serde_saphyr::from_str(&fs::read_to_string(patch)?)?;
        match objects.problem(&Pod(&patch["spec"]["template"]["spec"]), &needles) {
            None => outcome.workloads.push(workload),
            Some(problem) => outcome.problems.push(format!("{workload}: {problem}")),
        }
    }
    Ok(outcome)
}

/// Has irsa render the values, and the manifests to compare with.
fn render(folder: &Path, case: &Case) -> Result<(), Error> {
    fs::write(folder.join("irsa.yaml"), case.specification())?;
    fs::write(folder.join("enabled.yaml"), case.enabled)?;
    for arguments in [
        &["render", "kubernetes", "--out", "."][..],
        &[
            "render",
            "helm-values",
            "--out",
            ".",
            "--values",
            "enabled.yaml",
        ],
    ] {
        finish(irsa(arguments).current_dir(folder)).printed();
    }
    Ok(())
}

fn template(helm: &Path, folder: &TempDir, chart: &Path, case: &Case) -> Result<Objects, Error> {
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    let mut command = Command::new(helm);
    command
        .args(["template", "camunda"])
        .arg(chart)
        .args(["--namespace", "camunda", "--values"])
        .arg(file("enabled.yaml"))
        .arg("--values")
        .arg(file("helm-values/prod/camunda-platform.yaml"))
        .env_clear()
        .env("HOME", folder.path());
    let output = command.output()?;
    if output.status.success() {
        return Objects::read(&String::from_utf8(output.stdout)?);
    }
    let problem = String::from_utf8_lossy(&output.stderr);
    Err(format!("helm template, {}: {problem}", case.version).into())
}

// === impl Case ===

impl Case {
    fn specification(&self) -> String {
        let mut databases = vec!["modeler: {}", "identity: {}"];
        if self.has_keycloak {
            databases.push("\"key cloak\": {}");
        }
        if self.workloads.iter().any(|(_, store)| *store == STORAGE) {
            databases.push("storage: {}");
        }
        let databases = format!("{{{}}}", databases.join(", "));
        let mut text = HEAD
            .replace("VERSION", self.version)
            .replace("DATABASES", &databases);
        if !self.workloads.iter().any(|(_, store)| *store == SEARCH) {
            text = without_search(&text);
        }
        if self.has_keycloak {
            text += &workload(
                "keycloak",
                "postgres: {store: aurora, database: \"key cloak\", user: \"{{ kc }}\"}",
            );
        }
        text += &workload(
            "web-modeler",
            "postgres: {store: aurora, database: modeler, user: \"mo'del\\\"er\"}",
        );
        text += &workload(
            "identity",
            "postgres: {store: aurora, database: identity, user: \"{{ id }}\"}",
        );
        for (name, store) in self.workloads {
            text += &workload(name, store);
        }
        text
    }

    /// Workloads, with texts of their settings.
    fn expected(&self) -> Vec<(String, Vec<&'static str>)> {
        let mut expected = vec![
            (
                "web-modeler",
                vec!["jdbc:postgresql://localhost:5432/modeler", "mo'del\"er"],
            ),
            ("identity", vec!["identity", "{{ id }}", "localhost"]),
        ];
        if self.has_keycloak {
            expected.push(("keycloak", vec!["key%20cloak", "{{ kc }}", "localhost"]));
        }
        for (name, store) in self.workloads {
            expected.push((
                name,
                match (*store, *name) {
                    (SEARCH, "optimize") => vec!["localhost", "9200"],
                    (SEARCH, _) => vec!["http://localhost:9200"],
                    _ => vec!["jdbc:postgresql://localhost:5432/storage", "{{ storage }}"],
                },
            ));
        }
        let expected = expected.into_iter();
        expected
            .map(|(name, needles)| (name.to_owned(), needles))
            .collect()
    }
}

fn workload(name: &str, store: &str) -> String {
    format!("  {name}:\n    component: {name}\n    service_account: camunda/{name}\n    {store}\n")
}

/// A domain that no workload uses is a mistake.
fn without_search(text: &str) -> String {
    let (before, rest) = text.split_once("opensearch:\n").unwrap_or((text, ""));
    let (_, after) = rest.split_once("workloads:\n").unwrap_or_default();
    format!("{before}workloads:\n{after}")
}
