//! Existing solutions straight to the lab's front: it accepts what AWS accepts and rejects what AWS rejects.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use interop::client::{self, Client, tool};
use serde_json::json;

use crate::stage::{Stage, USER, WORKLOAD, stage};

/// Signing libraries: of Python, and of Go, whose token lacks the path that it signs.
const SIGNERS: [Client; 2] = [Client::RdsToken, Client::RdsTokenGo];

/// Returns a library's token for the workload, signed with the credentials of its web identity.
fn token_of(stage: &Stage, mut program: Command) -> String {
    let cluster = stage.cluster();
    program
        .env_clear()
        .envs(stage.environment(WORKLOAD))
        .env("PGUSER", USER);
    program
        .env("IRSA_SIGN_HOST", &cluster.endpoint)
        .env("IRSA_SIGN_PORT", cluster.port.to_string());
    let output = program.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Logs in straight to the front with psql, using a token as the password.
fn log_in(stage: &Stage, mut psql: Command, token: &str) -> Output {
    let front = stage.front();
    front
        .point(&mut psql)
        .env("PGHOST", &stage.cluster().endpoint)
        .env("PGHOSTADDR", &front.host);
    psql.env("PGPASSWORD", token)
        .args(["-X", "-w", "-A", "-t", "-c", "select current_user"])
        .output()
        .unwrap()
}

#[test]
fn a_token_of_awss_libraries_logs_in() {
    for signer in SIGNERS {
        let (Some(program), Some(psql)) = (signer.unless_missing(), tool("psql")) else {
            continue;
        };
        let stage = stage();
        let output = log_in(&stage, psql, &token_of(&stage, program));
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            USER,
            "{signer:?}: {output:?}"
        );
    }
}

#[test]
fn a_token_with_one_character_changed_is_rejected() {
    for signer in SIGNERS {
        let (Some(program), Some(psql)) = (signer.unless_missing(), tool("psql")) else {
            continue;
        };
        let stage = stage();
        let forged = with_another_digit(&token_of(&stage, program));
        let output = log_in(&stage, psql, &forged);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            errors.contains("PAM authentication failed"),
            "{signer:?}: {errors}"
        );
    }
}

/// Returns the token with the first digit of its signature changed.
fn with_another_digit(token: &str) -> String {
    let (rest, signature) = token
        .split_once("X-Amz-Signature=")
        .expect("a signed token");
    let flipped = if signature.starts_with('0') { "1" } else { "0" };
    format!("{rest}X-Amz-Signature={flipped}{}", &signature[1..])
}

#[test]
fn the_jdbc_wrapper_logs_in_with_credentials_of_irsa() {
    let Some(mut program) = Client::Wrapper.unless_missing() else {
        return;
    };
    let stage = stage();
    let folder = tempfile::tempdir().unwrap();
    let environment = stage.environment(WORKLOAD);
    program
        .env_clear()
        .env("HOME", folder.path())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    program
        .env("AWS_REGION", &environment["AWS_REGION"])
        .env("AWS_EC2_METADATA_DISABLED", "true");
    program.env(
        "AWS_CONFIG_FILE",
        credential_process(folder.path(), &environment),
    );
    program.env("IRSA_SIGN_PORT", stage.cluster().port.to_string());
    program.env("JAVA_TOOL_OPTIONS", hosts_file(folder.path(), &stage));
    let mut target = stage.front();
    target.host.clone_from(&stage.cluster().endpoint);
    let checks = client::checks(program, &target).unwrap();
    let session = checks
        .iter()
        .find(|check| check.name == "session")
        .expect("the check ran");
    assert_eq!(session.result, Ok(json!([USER, USER])), "{checks:#?}");
}

/// Writes a configuration file for AWS tools whose credentials come from `irsa credentials` in the pod's environment.
fn credential_process(folder: &Path, environment: &BTreeMap<String, String>) -> std::path::PathBuf {
    let script = folder.join("credentials.sh");
    let exports: Vec<String> = environment
        .iter()
        .map(|(name, value)| format!("export {name}='{value}'"))
        .collect();
    let irsa = irsa_testing::program::path("irsa");
    fs::write(
        &script,
        format!(
            "#!/bin/sh\n{}\nexec '{}' credentials\n",
            exports.join("\n"),
            irsa.display()
        ),
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let file = folder.join("config");
    fs::write(
        &file,
        format!("[default]\ncredential_process = {}\n", script.display()),
    )
    .unwrap();
    file
}

/// Resolves the endpoint's name to the lab, only for the JVM.
fn hosts_file(folder: &Path, stage: &Stage) -> String {
    let file = folder.join("hosts");
    fs::write(
        &file,
        format!("127.0.0.1 localhost {}\n", stage.cluster().endpoint),
    )
    .unwrap();
    format!("-Djdk.net.hosts.file={}", file.display())
}
