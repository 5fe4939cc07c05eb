//! The cluster's place: every link broken once, before a real API server. Skipped where no Go can build it, unless
//! `IRSA_REQUIRE_CLIENTS=1`.

mod given;
mod hostile;
mod objects;
mod stage;
mod webhook;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_doctor::cluster::{self, Cluster, Target};
use irsa_doctor::{Finding, Workload};
use irsa_kube::TokenOptions;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::scenario;
use given::Given;
use stage::Stage;

/// How long an examination may take altogether.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_whole_chain_holds() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let set = stage.set("whole", &Given::default()).await;
    for target in ["pod/app", "service-account/app"] {
        let (findings, workload) = examine(set.cluster(target)).await;
        scenario::assert_the_whole_chain_holds(&findings);
        assert_eq!(workload.service_account.unwrap().to_string(), "whole/app");
        assert_eq!(
            workload.role.unwrap().as_str(),
            "arn:aws:iam::111122223333:role/keycloak"
        );
        assert_eq!(workload.issuer.unwrap().as_str(), stage::ISSUER);
        assert_eq!(workload.audience.as_deref(), Some("sts.amazonaws.com"));
    }
    stage.stop().await;
}

#[tokio::test]
async fn each_broken_link_is_found_and_nothing_else() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let mut wrong = Vec::new();
    for (id, scenario) in scenario::read_all::<Given>("cluster") {
        let set = stage.set(&id, &scenario.given).await;
        let (findings, _) = examine(set.cluster(&scenario.given.target)).await;
        set.clear().await;
        if let Some(difference) = scenario::differs(&scenario.expect, &findings) {
            wrong.push(format!("{id}: {}: {difference}", scenario.breaks));
        }
    }
    stage.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the other places take over from this one is what stands in a token.
#[tokio::test]
async fn a_real_token_says_what_the_cluster_said() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let set = stage.set("token", &Given::default()).await;
    let cluster = set.cluster("pod/app");
    let reader = cluster.reader.clone();
    let (_, workload) = examine(cluster).await;
    let account = workload.service_account.unwrap();
    let pod = reader.pod("token", "app").await.unwrap();
    let options = TokenOptions {
        audience: workload.audience.as_deref().unwrap(),
        expiration: 600,
        pod: Some(&pod),
    };
    let token = reader.token(&account, options).await.unwrap();
    let claims = token.expose_secret().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["iss"], workload.issuer.unwrap().as_str());
    assert_eq!(claims["sub"], account.subject());
    assert_eq!(claims["aud"], serde_json::json!(["sts.amazonaws.com"]));
    assert_eq!(claims["kubernetes.io"]["pod"]["name"], "app");
    stage.stop().await;
}

#[tokio::test]
async fn an_api_server_that_is_not_there_is_no_broken_chain() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(
        &file,
        stage::kubeconfig("https://127.0.0.1:1", "", "token: x"),
    )
    .unwrap();
    let reader = irsa_kube::KubeReader::connect(Some(&file), None)
        .await
        .unwrap();
    let target = Target::ServiceAccount("shop/app".parse().unwrap());
    let cluster = Cluster::new(reader, target, Workload::default(), stage::now());
    let (findings, _) = examine(cluster).await;
    let expect = scenario::Expect {
        check: "cluster-api".to_owned(),
        verdict: scenario::Expected::Unsure,
        cause: None,
        not_reached: findings[1..]
            .iter()
            .map(|finding| finding.check.id.to_owned())
            .collect(),
    };
    scenario::assert_as_expected(&expect, &findings);
}

async fn examine(cluster: Cluster) -> (Vec<Finding>, Workload) {
    cluster::examine(cluster, LIMIT, &mut |_| ()).await
}
