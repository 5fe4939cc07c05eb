//! The pod checks: every link is broken once, with STS, PostgreSQL and OpenSearch of the lab.

mod given;
mod hostile;
mod scenarios;
mod stage;

use std::time::Duration;

use irsa_doctor::pod::{self, Options};
use irsa_doctor::{Finding, Report};

use self::given::Given;
use self::stage::Stage;
use crate::scenario::run::{Queue, Suite};
use crate::scenario::{self, Scenario};

/// The time limit of an examination.
const LIMIT: Duration = Duration::from_secs(30);

/// Scenarios with databases, and those with a domain: each group has its own lab.
pub(crate) fn suites() -> [Suite; 2] {
    let all = scenario::read_all::<Given>("pod").into_iter();
    let (domains, databases): (Vec<_>, Vec<_>) =
        all.partition(|(_, scenario)| scenario.given.needs_opensearch());
    let ids = |scenarios: Vec<(String, Scenario<Given>)>| {
        scenarios.into_iter().map(|(id, _)| id).collect()
    };
    [
        Suite {
            place: "pod",
            ids: ids(databases),
            play: |queue| Box::pin(async { play(Stage::with_databases().await, queue).await }),
        },
        Suite {
            place: "pod",
            ids: ids(domains),
            play: |queue| {
                Box::pin(async {
                    match Stage::with_domains().await {
                        Some(stage) => play(stage, queue).await,
                        None => queue.skip(),
                    }
                })
            },
        },
    ]
}

async fn play(stage: Stage, mut queue: Queue) {
    while let Some((id, scenario)) = queue.next_scenario::<Given>() {
        let findings = examine(stage.set(&scenario.given)).await;
        let secret = secret_in(&findings).map(|secret| format!("a secret: {secret}"));
        let difference = secret.or_else(|| scenario::differs(&scenario.expect, &findings));
        let difference = difference.or_else(|| commands_in(&findings));
        queue.done(id, difference);
    }
    stage.close().await;
}

/// Asserts that remedies are advice: the lab has no API that commands could change.
fn commands_in(findings: &[Finding]) -> Option<String> {
    let mut remedies = findings
        .iter()
        .filter_map(|finding| finding.remedy.as_ref());
    let remedy = remedies.find(|remedy| !remedy.commands().is_empty())?;
    Some(format!("no stage runs these commands: {remedy}"))
}

#[test]
fn each_check_has_a_unique_id_and_needs_only_earlier_ones() {
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

async fn examine(options: Options) -> Vec<Finding> {
    let mut tell = |_: irsa_doctor::Progress<'_>| {};
    let examined = tokio::time::timeout(2 * LIMIT, pod::examine(options, LIMIT, &mut tell)).await;
    let (findings, workload) = examined.expect("the examination does not end");
    Report::new(workload, findings).findings
}

fn assert_holds_no_secret(findings: &[Finding]) {
    let secret = secret_in(findings);
    assert!(secret.is_none(), "{secret:?}");
}

/// A token, key or signature: nothing else in a report is as long and as random.
fn secret_in(findings: &[Finding]) -> Option<String> {
    let text = serde_json::to_string(findings).unwrap();
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let mut runs = text.split(|c| !is_part(c));
    runs.find(|run| run.len() >= 80 || run.contains("eyJ"))
        .map(str::to_owned)
}
