//! `--identity profile`, as on a laptop.

mod portal;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use self::portal::Portal;
use crate::pod::Pod;
use crate::stage::{Stage, shared};

/// A profile whose role comes from IAM Identity Center.
const SINGLE_SIGN_ON: &str = "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\n\
                              sso_role_name = Developer\nregion = eu-central-1\n\n[sso-session corp]\n\
                              sso_start_url = https://corp.example/start\nsso_region = eu-central-1\n";

/// Returns a laptop whose user may assume the workload's role.
fn laptop(stage: &Arc<Stage>, config: &str) -> (TempDir, Pod) {
    let home = tempfile::tempdir().unwrap();
    let file: PathBuf = home.path().join("config");
    fs::write(&file, config).unwrap();
    let pod = Pod::new(stage)
        .with("HOME", home.path().display().to_string())
        .with("AWS_CONFIG_FILE", file.display().to_string());
    (home, pod)
}

/// Fails unless the profile's session is one of the workload's role.
fn check_is_keycloak(json: &Value) {
    assert_eq!(json["source"], "profile");
    assert!(
        json["arn"]
            .as_str()
            .unwrap()
            .contains(":assumed-role/keycloak-role/"),
        "{json}"
    );
}

#[test]
fn a_profile_can_ask_irsa_itself() {
    let stage = shared();
    let config = format!(
        "[profile pod]\nregion = eu-central-1\ncredential_process = {} credentials\n",
        irsa_testing::program::path("irsa").display()
    );
    let (_home, pod) = laptop(&stage, &config);
    let json = pod
        .irsa(&["whoami", "--identity", "profile:pod", "--output", "json"])
        .json();
    check_is_keycloak(&json);
    assert!(json["expires_at"].is_string(), "{json}");
}

#[test]
fn a_single_sign_on_profile_without_a_login_reports_the_login_command() {
    let stage = shared();
    let (_home, pod) = laptop(&stage, SINGLE_SIGN_ON);
    let finished = pod
        .with("AWS_PROFILE", "dev")
        .irsa(&["whoami", "--identity", "profile"]);
    finished.check_broken("sts-session");
    assert!(
        finished.stderr.contains("`aws sso login --profile dev`"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_single_sign_on_profile_uses_the_keys_of_the_portal() {
    let stage = shared();
    let (home, pod) = laptop(&stage, SINGLE_SIGN_ON);
    portal::log_in(home.path());
    let session = pod.irsa(&["credentials"]).json();
    let portal = Portal::start(&session);
    let pod = pod.with("AWS_ENDPOINT_URL_SSO", portal.url());

    let json = pod
        .with("IRSA_LOG_LEVEL", "trace")
        .irsa(&["whoami", "--identity", "profile:dev", "--output", "json"])
        .json();
    check_is_keycloak(&json);
    assert_eq!(json["expires_at"], portal::EXPIRES_AT);
    let asked = portal.asked();
    assert!(
        asked.line.starts_with("GET /federation/credentials?")
            && asked.line.contains("role_name=Developer")
            && asked.line.contains("account_id=111122223333"),
        "{}",
        asked.line
    );
    assert_eq!(asked.bearer_token.as_deref(), Some(portal::ACCESS_TOKEN));
}

#[test]
fn a_missing_profile_is_reported() {
    let stage = shared();
    let (_home, pod) = laptop(&stage, "");
    let finished = pod.irsa(&["whoami", "--identity", "profile:unknown"]);
    finished.check_broken("sts-session");
    assert!(finished.stderr.contains("`unknown`"), "{}", finished.stderr);
}
