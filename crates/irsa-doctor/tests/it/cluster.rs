//! The cluster checks: every link is broken once, with a real API server. Skipped if Go is missing to build it, unless
//! `IRSA_REQUIRE_CLIENTS=1`.

mod given;
mod hostile;
mod objects;
mod scenarios;
mod stage;
mod webhook;

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_doctor::cluster::{self, Cluster};
use irsa_doctor::{Finding, Workload};
use irsa_kube::{KubeReader, TokenOptions};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::scenario;
use crate::scenario::run::{Queue, Suite};
use given::Given;
use stage::{Set, Stage};

/// The time limit of an examination.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn suite() -> Suite {
    Suite {
        place: "cluster",
        ids: scenario::ids("cluster"),
        play: |queue| Box::pin(play(queue)),
    }
}

async fn play(mut queue: Queue) {
    let Some(stage) = Stage::start().await else {
        queue.skip();
        return;
    };
    while let Some((id, scenario)) = queue.next_scenario::<Given>() {
        let set = stage.set(&id, &scenario.given).await;
        let mut cluster = set.cluster(&scenario.given.target);
        if scenario.given.unreachable {
            cluster.reader = reader_of_nothing(stage.folder()).await;
        }
        let (findings, _) = examine(cluster).await;
        let difference = scenario::differs(&scenario.expect, &findings);
        let finding = scenario::found(&scenario.expect, &findings);
        let difference = match (difference, finding) {
            (None, Some(finding)) => follow(&set, &scenario.given.target, finding).await,
            (difference, _) => difference,
        };
        set.clear().await;
        queue.done(id, difference);
    }
    stage.stop().await;
}

/// Runs the commands of a remedy, if any, and returns a message if they do not repair the fault.
async fn follow(set: &Set<'_>, target: &str, finding: &Finding) -> Option<String> {
    let commands = finding.remedy.as_ref()?.commands();
    for command in commands {
        if let Err(error) = set.run(command).await {
            return Some(format!("`{command}`: {error}"));
        }
    }
    if commands.is_empty() {
        return None;
    }
    let (after, _) = examine(set.cluster(target)).await;
    scenario::not_repaired(finding, &after)
}

/// The workload that the cluster checks pass to other places matches a real token.
#[tokio::test]
async fn a_real_token_has_the_claims_that_the_cluster_checks_report() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let set = stage.set("token", &Given::default()).await;
    let cluster = set.cluster("pod/app");
    let reader = cluster.reader.clone();
    let (_, workload) = examine(cluster).await;
    let account = workload.service_account.unwrap();
    assert_eq!(account.to_string(), "token/app");
    assert_eq!(
        workload.role.unwrap().as_str(),
        "arn:aws:iam::111122223333:role/keycloak"
    );
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

/// A reader whose API server does not exist.
async fn reader_of_nothing(folder: &Path) -> KubeReader {
    let file = folder.join("nothing.kubeconfig");
    let text = stage::kubeconfig("https://127.0.0.1:1", "", "token: x");
    std::fs::write(&file, text).unwrap();
    KubeReader::connect(Some(&file), None).await.unwrap()
}

async fn examine(cluster: Cluster) -> (Vec<Finding>, Workload) {
    cluster::examine(cluster, LIMIT, &mut |_| ()).await
}
