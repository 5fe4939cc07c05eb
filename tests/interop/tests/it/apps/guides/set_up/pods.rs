//! The pods of a cluster that has an API server alone: they are created as controllers do, and run as the kubelet says.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use interop::client::tool;
use serde_json::{Value, json};

/// Replaces all pods in the namespace by a running one for each StatefulSet and Deployment.
pub(super) fn replace(kubeconfig: &Path, namespace: &str) {
    let run = |arguments: &[&str], input: &str| {
        let mut kubectl: Command = tool("kubectl").unwrap();
        kubectl
            .args(["--namespace", namespace])
            .args(arguments)
            .env("KUBECONFIG", kubeconfig);
        output(&mut kubectl, input)
    };
    run(&["delete", "pods", "--all", "--wait=true"], "");
    let objects = run(&["get", "statefulsets,deployments", "-o", "json"], "");
    let objects: Value = serde_json::from_str(&objects).unwrap();
    for object in objects["items"].as_array().unwrap() {
        let name = format!("{}-0", object["metadata"]["name"].as_str().unwrap());
        let template = &object["spec"]["template"];
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": template["metadata"]["labels"]},
            "spec": template["spec"],
        });
        run(&["create", "--filename", "-"], &pod.to_string());
        let status = r#"{"status": {"phase": "Running"}}"#;
        let merge = ["--subresource=status", "--type=merge", "--patch", status];
        run(&[&["patch", "pod", &name], &merge[..]].concat(), "");
    }
}

/// Runs a program with an input, and returns its output.
fn output(command: &mut Command, input: &str) -> String {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
