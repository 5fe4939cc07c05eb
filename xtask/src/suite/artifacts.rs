//! Building everything before the tests, which run the `irsa` program itself; and which package a test binary is from.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::failure::Failure;
use crate::workspace;

/// The package and target of each executable: `irsa-doctor it`, by file name.
pub(super) type Artifacts = BTreeMap<String, String>;

/// Builds all targets of the workspace.
pub(super) fn build() -> Result<Artifacts, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot run cargo: {error}"));
    let mut command = workspace::cargo();
    command.args(["build", "--workspace", "--all-targets", "--locked"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut artifacts = Artifacts::new();
    if let Some(output) = child.stdout.take() {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        artifacts.extend(lines.filter_map(|line| artifact(&line)));
    }
    if child.wait().map_err(failed)?.success() {
        Ok(artifacts)
    } else {
        Err(Failure::new("`cargo build` failed"))
    }
}

/// Returns an executable's file name, and its package and target, from a message of cargo about an executable.
fn artifact(line: &str) -> Option<(String, String)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let (_, file) = message["executable"].as_str()?.rsplit_once('/')?;
    let package = package_name(message["package_id"].as_str()?);
    let target = &message["target"];
    let kind = target["kind"][0].as_str()?;
    let target = match (kind, message["profile"]["test"].as_bool()) {
        ("test", _) => target["name"].as_str()?,
        (_, Some(true)) => "unit",
        _ => kind,
    };
    Some((file.to_owned(), format!("{package} {target}")))
}

/// Returns the name in `path+file:///clone/tests/interop#0.1.0` or `path+file:///clone#interop@0.1.0`.
fn package_name(id: &str) -> &str {
    let (path, version) = id.split_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next().unwrap_or(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executable_has_its_package_and_target() {
        let message = |id: &str, kind: &str, name: &str| {
            format!(
                r#"{{"package_id": "{id}", "target": {{"kind": ["{kind}"], "name": "{name}"}},
                    "profile": {{"test": true}}, "executable": "/clone/target/debug/deps/{name}-12ab"}}"#
            )
        };
        let named = |file: &str, name: &str| Some((file.to_owned(), name.to_owned()));
        assert_eq!(
            artifact(&message(
                "path+file:///clone/tests/interop#0.1.0",
                "test",
                "it"
            )),
            named("it-12ab", "interop it")
        );
        assert_eq!(
            artifact(&message(
                "path+file:///clone/x#irsa-net@0.1.0",
                "lib",
                "irsa_net"
            )),
            named("irsa_net-12ab", "irsa-net unit")
        );
        assert_eq!(artifact("{\"reason\": \"build-finished\"}"), None);
    }
}
