//! The password of the administrator in Secrets Manager, which the pod of the setup reads.

use std::fs;

use irsa_lab::faults::{ConnectionFault, FaultPlan};
use irsa_lab::ledger::{Outcome, Service};
use irsa_testing::program::Finished;
use serde_json::Value;

use crate::apply_sql::{SetUp, without_users};
use crate::pod::Pod;

/// Runs `irsa apply sql` in the pod of a workload, without `--admin`.
fn apply(set_up: &SetUp, workload: &str) -> Finished {
    let pod = Pod::for_workload(&set_up.stage, workload);
    // The lab has no API of RDS.
    let pod = pod.with("AWS_ENDPOINT_URL_RDS", "http://127.0.0.1:1");
    let dial = &set_up.stage.cluster().dial;
    let finished = set_up.apply(Some(&pod), &["--dial", dial]);
    assert!(
        !finished.stderr.contains("SecretString"),
        "{}",
        finished.stderr
    );
    finished
}

#[track_caller]
fn check_refused(finished: &Finished, texts: &[&str]) {
    assert_eq!(finished.code, 1, "{}", finished.stdout);
    for text in texts {
        assert!(
            finished.stderr.contains(text),
            "{text}\n{}",
            finished.stderr
        );
    }
}

fn outputs(set_up: &SetUp) -> Value {
    let text = fs::read_to_string(set_up.folder.path().join("irsa.outputs.json"));
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn write_outputs(set_up: &SetUp, outputs: &Value) {
    let path = set_up.folder.path().join("irsa.outputs.json");
    fs::write(path, outputs.to_string()).unwrap();
}

#[test]
fn the_setup_logs_in_with_the_password_that_rds_manages() {
    let set_up = SetUp::with_world(without_users);
    set_up.create_legacy_application();
    let first = apply(&set_up, "setup");
    let text = "aurora: changed  user `keycloak` logs in by IAM";
    assert!(first.printed().contains(text), "{}", first.stdout);
    let again = apply(&set_up, "setup");
    assert!(again.printed().ends_with(", 0 changed"), "{}", again.stdout);
    let counts = set_up.stage.lab().ledger().counts;
    let reads = counts
        .iter()
        .filter(|one| one.service == Service::SecretsManager);
    let reads: Vec<_> = reads.map(|one| (one.outcome, one.count)).collect();
    assert_eq!(reads, [(Outcome::Served, 2)]);

    let known = outputs(&set_up);
    let secret = known["postgres"]["aurora"]["admin_secret"]["arn"].clone();
    let secret = secret.as_str().unwrap();
    let denied =
        format!("not authorized to perform: secretsmanager:GetSecretValue on resource: {secret}");
    let remedy = format!("allow `secretsmanager:GetSecretValue` on `{secret}`");
    check_refused(&apply(&set_up, "keycloak"), &[&denied, &remedy]);

    let faults = set_up.stage.lab().faults();
    faults.change(|plan| plan.network.secrets_manager.connections = ConnectionFault::Refused);
    let remedy = "a VPC endpoint for Secrets Manager in eu-central-1";
    check_refused(&apply(&set_up, "setup"), &[remedy]);
    faults.set(FaultPlan::default());

    // Outputs of an earlier version do not name the secret, so RDS is asked for it.
    let mut older = known.clone();
    older["postgres"]["aurora"]
        .as_object_mut()
        .unwrap()
        .remove("admin_secret");
    write_outputs(&set_up, &older);
    let text =
        "cannot read the password of the administrator of `aurora`: `rds:DescribeDBClusters`: ";
    check_refused(&apply(&set_up, "setup"), &[text]);

    // A secret of a different user is not tried.
    write_outputs(&set_up, &known);
    let overlay = set_up.folder.path().join("overlay.yaml");
    let text = fs::read_to_string(&overlay).unwrap();
    let other = "{aurora: {admin: {user: boss, password: managed}, databases:";
    fs::write(&overlay, text.replace("{aurora: {databases:", other)).unwrap();
    let text = "is of user `camunda_admin`, but `postgres.aurora.admin.user` is `boss`";
    check_refused(&apply(&set_up, "setup"), &[text]);
}

#[test]
fn a_role_that_may_not_use_the_key_is_told_which_one() {
    let set_up = SetUp::with_world(|world| {
        assert!(world.contains("kms:Decrypt"), "{world}");
        without_users(world).replace("kms:Decrypt", "kms:DescribeKey")
    });
    let key = outputs(&set_up)["postgres"]["aurora"]["admin_secret"]["kms_key"].clone();
    let remedy = format!("allow `kms:Decrypt` on `{}`", key.as_str().unwrap());
    let denied = "`kms:Decrypt`: AccessDeniedException: Access to KMS is not allowed";
    check_refused(&apply(&set_up, "setup"), &[denied, &remedy]);
}

#[test]
fn a_secret_that_no_longer_exists_is_reported() {
    let set_up = SetUp::with_world(|world| {
        let world = without_users(world);
        // In the policy.
        let resource = "\"Resource\": \"arn:aws:secretsmanager:";
        let (before, after) = world.split_once(resource).unwrap();
        let (_, after) = after.split_once('"').unwrap();
        format!("{before}\"Resource\": \"*\"{after}")
    });
    let mut moved = outputs(&set_up);
    let secret = &mut moved["postgres"]["aurora"]["admin_secret"]["arn"];
    *secret = (secret.as_str().unwrap().to_owned() + "x").into();
    write_outputs(&set_up, &moved);
    let text = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
    let remedy = "run `terraform output -json irsa > irsa.outputs.json` again";
    check_refused(&apply(&set_up, "setup"), &[text, remedy]);
}
