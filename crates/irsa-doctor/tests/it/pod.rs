//! The pod's place: every link broken once, before a real STS, PostgreSQL and OpenSearch of the lab.

mod given;
mod hostile;
mod stage;

use std::time::Duration;

use irsa_doctor::pod::{self, Options};
use irsa_doctor::{Finding, Report};

use self::given::Given;
use self::stage::Stage;
use crate::scenario::{self, Scenario};

/// The most that an examination may take.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn each_link_broken_on_purpose_is_the_one_that_is_named() {
    let stage = Stage::with_databases().await;
    play(&stage, |scenario| !scenario.given.needs_opensearch()).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_link_to_a_domain_broken_on_purpose_is_the_one_that_is_named() {
    let Some(stage) = Stage::with_domains().await else {
        return;
    };
    the_whole_chain_holds(&stage, "zeebe").await;
    play(&stage, |scenario| scenario.given.needs_opensearch()).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_chain_holds_to_a_database() {
    let stage = Stage::with_databases().await;
    for workload in ["keycloak", "keycloak-pod-identity"] {
        the_whole_chain_holds(&stage, workload).await;
    }
    stage.close().await;
}

#[test]
fn each_check_has_an_id_of_its_own_and_needs_earlier_ones() {
    let mut seen: Vec<&str> = Vec::new();
    for check in pod::checks() {
        assert!(!seen.contains(&check.id), "{} twice", check.id);
        for need in check.needs {
            assert!(
                seen.contains(need),
                "{} needs {need}, which comes later",
                check.id
            );
        }
        seen.push(check.id);
    }
}

async fn the_whole_chain_holds(stage: &Stage, workload: &str) {
    let mut given = Given::of(workload);
    given.faults.imds.hop_limit_one = true;
    let findings = examine(stage.set(&given)).await;
    scenario::assert_the_whole_chain_holds(&findings);
    assert_holds_no_secret(&findings);
}

/// Plays all scenarios that are wanted, and names each that comes out differently.
async fn play(stage: &Stage, wanted: impl Fn(&Scenario<Given>) -> bool) {
    let all = scenario::read_all::<Given>("pod");
    let mut failures = Vec::new();
    for (id, scenario) in all.iter().filter(|(_, scenario)| wanted(scenario)) {
        let findings = examine(stage.set(&scenario.given)).await;
        assert_holds_no_secret(&findings);
        if let Some(difference) = scenario::differs(&scenario.expect, &findings) {
            failures.push(format!("{id}: {}: {difference}", scenario.breaks));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

async fn examine(options: Options) -> Vec<Finding> {
    let mut tell = |_: irsa_doctor::Progress<'_>| {};
    let examined = tokio::time::timeout(LIMIT, pod::examine(options, LIMIT, &mut tell)).await;
    let (findings, workload) = examined.expect("it ends in time");
    Report::new(workload, findings).findings
}

/// No token, key or signature: nothing in a report is as long and as random as one.
fn assert_holds_no_secret(findings: &[Finding]) {
    let text = serde_json::to_string(findings).unwrap();
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let longest = text
        .split(|c| !is_part(c))
        .max_by_key(|run| run.len())
        .unwrap();
    assert!(longest.len() < 80 && !text.contains("eyJ"), "{longest}");
}
