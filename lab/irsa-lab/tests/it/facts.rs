//! `lab.json`, token files and the environment of workloads.

use std::collections::BTreeSet;

use irsa_lab::{Lab, LabFacts, LabOptions, World};

use crate::stage::lab;

#[tokio::test]
async fn lab_json_says_what_the_lab_says() {
    let lab = lab().await;
    let text = std::fs::read_to_string(lab.state_dir().join("lab.json")).unwrap();
    let facts: LabFacts = serde_json::from_str(&text).unwrap();
    assert_eq!(&facts, lab.facts());
    assert!(
        std::fs::read_to_string(&facts.ca_file)
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_workload_is_told_what_the_webhook_tells() {
    let lab = lab().await;
    let environment = |name: &str| {
        let workload = lab
            .facts()
            .workloads
            .iter()
            .find(|one| one.name == name)
            .unwrap();
        workload.environment.clone()
    };
    let names = |name: &str| environment(name).into_keys().collect::<BTreeSet<_>>();
    assert_eq!(
        environment("keycloak")["AWS_ROLE_ARN"],
        "arn:aws:iam::111122223333:role/camunda/keycloak-role"
    );
    assert_eq!(
        environment("keycloak")["AWS_ENDPOINT_URL_STS"],
        lab.facts().sts.url
    );
    assert!(!names("keycloak").contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    let pod_identity = names("keycloak-pod-identity");
    assert!(pod_identity.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    assert!(pod_identity.contains("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    assert!(!pod_identity.contains("AWS_ROLE_ARN"));
    lab.stop().await;
}

#[tokio::test]
async fn a_temporary_lab_leaves_nothing_and_a_given_folder_stays() {
    let temporary = lab().await;
    let folder = temporary.state_dir().to_owned();
    temporary.stop().await;
    assert!(!folder.exists());

    let given = tempfile::tempdir().unwrap();
    let mut options = LabOptions::new(World::camunda_8_3());
    options.aurora = false;
    options.state_dir = Some(given.path().join("lab"));
    let lab = Lab::start(options).await.unwrap();
    lab.stop().await;
    assert!(given.path().join("lab/ca.pem").exists());
    assert!(!given.path().join("lab/lab.json").exists());
}
