//! `lab.json`, token files and the environment of workloads.

use std::collections::BTreeSet;
use std::time::Duration;

use irsa_lab::{Lab, LabError, LabFacts, LabOptions, World};

use crate::stage::lab;

#[tokio::test]
async fn lab_json_has_the_labs_facts() {
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
async fn a_workload_has_the_variables_of_the_webhook() {
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
async fn a_temporary_directory_is_deleted_and_a_given_one_stays() {
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

#[tokio::test]
async fn a_killed_lab_is_recognized_and_a_new_one_awaited() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab");
    let options = || {
        let mut options = LabOptions::new(World::camunda_8_3());
        options.aurora = false;
        options.state_dir = Some(path.clone());
        options
    };
    let lab = Lab::start(options()).await.unwrap();
    assert_eq!(&LabFacts::read(&path).unwrap(), lab.facts());
    let left = std::fs::read_to_string(path.join("lab.json")).unwrap();
    lab.stop().await;
    // The state that a killed process leaves.
    std::fs::write(path.join("lab.json"), left).unwrap();
    let error = LabFacts::read(&path).unwrap_err();
    assert!(matches!(error, LabError::Ended { .. }), "{error}");
    let none = LabFacts::wait(&path, Duration::from_millis(120)).await;
    assert!(matches!(none, Err(LabError::Ended { .. })), "{none:?}");

    let waiting = LabFacts::wait(&path, Duration::from_mins(1));
    let (found, lab) = tokio::join!(waiting, Lab::start(options()));
    let lab = lab.unwrap();
    assert_eq!(&found.unwrap(), lab.facts());
    lab.stop().await;
}

#[tokio::test]
async fn two_labs_share_a_machine() {
    let (first, second) = tokio::join!(lab(), lab());
    assert_ne!(first.state_dir(), second.state_dir());
    let ports = |lab: &Lab| {
        let facts = lab.facts();
        [&facts.sts.url, &facts.imds.url, &facts.admin.url].map(Clone::clone)
    };
    assert!(
        ports(&first)
            .iter()
            .all(|url| !ports(&second).contains(url))
    );
    first.stop().await;
    second.stop().await;
}
