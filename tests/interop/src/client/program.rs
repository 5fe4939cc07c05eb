//! The path of each client's program among the prepared ones, and its command.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Client;

/// Returns the directory, which is named after the language or the program.
pub(super) fn folder(client: Client) -> &'static str {
    match client {
        Client::Psycopg
        | Client::RdsToken
        | Client::DefaultChain
        | Client::OpenSearchPy(_)
        | Client::SignerPy(_)
        | Client::SignRequests => "python",
        Client::NodePostgres | Client::OpenSearchJs => "node",
        Client::Pgx | Client::OpenSearchGo | Client::RdsTokenGo => "go",
        Client::Pgjdbc
        | Client::Wrapper
        | Client::OpenSearchJava(_)
        | Client::SignerJava(_)
        | Client::Camunda(_) => "java",
        Client::KubernetesValidate => "kubernetes-validate",
    }
}

/// Returns the command of the prepared program.
pub(super) fn command(client: Client, folder: &Path) -> Command {
    let python = |script: &str, argument: &[&str]| {
        let mut command = script_of(folder.join("venv/bin/python"), folder.join(script));
        command.args(argument);
        command
    };
    match client {
        Client::Psycopg => python("checks.py", &[]),
        Client::RdsToken => python("rds_token.py", &[]),
        Client::DefaultChain => python("default_chain.py", &[]),
        Client::OpenSearchPy(transport) => python("opensearch_checks.py", &[transport]),
        Client::SignerPy(transport) => python("opensearch_signers.py", &[transport]),
        Client::SignRequests => python("sign_requests.py", &[]),
        Client::NodePostgres => script_of("node", folder.join("checks.js")),
        Client::OpenSearchJs => script_of("node", folder.join("opensearch_checks.js")),
        Client::Pgx => Command::new(folder.join("checks")),
        Client::OpenSearchGo => Command::new(folder.join("opensearch")),
        Client::RdsTokenGo => Command::new(folder.join("rds_token")),
        Client::Pgjdbc => java(folder, "interop.Checks", &[]),
        Client::Wrapper => java(folder, "interop.Wrapper", &[]),
        Client::OpenSearchJava(which) => java(folder, "interop.OpenSearchChecks", &[which]),
        Client::SignerJava(which) => java(folder, "interop.OpenSearchSigners", &[which]),
        Client::Camunda(which) => java(folder, "interop.CamundaTraffic", &[which]),
        Client::KubernetesValidate => Command::new(folder.join("venv/bin/kubernetes-validate")),
    }
}

fn script_of(program: impl AsRef<std::ffi::OsStr>, script: PathBuf) -> Command {
    let mut command = Command::new(program);
    command.arg(script);
    command
}

fn java(folder: &Path, class: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("java");
    let class_path = format!(
        "{}:{}/*",
        folder.join("classes").display(),
        folder.join("lib").display()
    );
    command
        .arg("-cp")
        .arg(class_path)
        .arg(class)
        .args(arguments);
    command
}
