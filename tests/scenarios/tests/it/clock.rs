//! A pod whose clock is an hour off: the clock of the lab, which stands for AWS's, is set the opposite way.

use std::path::PathBuf;

use irsa_lab::oidc::TokenSpec;
use tempfile::TempDir;

use crate::pod::{Pod, USER};
use crate::stage::{Stage, alone};

#[test]
fn logins_work_whether_the_clock_is_slow_or_fast() {
    for skew in [3600, -3600] {
        let stage = alone();
        stage.breaks(|plan| plan.clock_skew_seconds = skew);
        let folder = tempfile::tempdir().unwrap();
        let file = token_of_a_right_clock(&stage, &folder);
        let proxy = Pod::new(&stage).with_token_file(&file).proxy(&[]);
        let connected = proxy.connect(USER, USER);
        assert!(connected.is_ok(), "{skew}: {:?}", connected.err());
        assert!(stage.lab().ledger().last_refusal().is_none(), "{skew}");
    }
}

#[test]
fn whoami_signs_with_the_time_of_aws_whether_the_clock_is_slow_or_fast() {
    for skew in [3600, -3600] {
        let stage = alone();
        stage.breaks(|plan| plan.clock_skew_seconds = skew);
        let folder = tempfile::tempdir().unwrap();
        let file = token_of_a_right_clock(&stage, &folder);
        let pod = Pod::new(&stage).with_token_file(&file);
        let finished = pod.irsa(&["whoami"]);
        assert_eq!(finished.code, 0, "{skew}: {}", finished.stderr);
        assert!(
            finished.stdout.contains("assumed-role"),
            "{}",
            finished.stdout
        );
    }
}

/// Returns a token that is valid by both clocks: the cluster's clock agrees with AWS's.
fn token_of_a_right_clock(stage: &Stage, folder: &TempDir) -> PathBuf {
    let mut spec = TokenSpec::new("camunda/keycloak".parse().unwrap());
    spec.issued_in = -7200;
    let file = folder.path().join("token");
    std::fs::write(&file, stage.lab().mint_token(&spec).unwrap()).unwrap();
    file
}
