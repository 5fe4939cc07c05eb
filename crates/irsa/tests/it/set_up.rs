//! The commands for `irsa.yaml`: init, show, check, render.

mod check;
mod init;
mod render;
mod render_kubernetes;
mod render_terraform;
mod show;

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
