//! `irsa doctor --file`: the chains of all workloads of a setup, in a real API server and a third party's AWS (moto).
//!
//! Needs Go for the API server, kubectl, and moto; without them the tests are skipped, unless `IRSA_REQUIRE_CLIENTS=1`.

mod cluster;
mod clusters;
mod exec;
mod faults;
mod setup;

use std::collections::BTreeMap;

use irsa_testing::program::Finished;
use serde_json::Value;

use self::cluster::Cluster;
use self::faults::{Fault, faults};
use self::setup::{Setup, run};
use crate::moto::Moto;

/// The stages, or `None` if something is missing.
fn stages() -> Option<(Cluster, Moto)> {
    Some((Cluster::start()?, Moto::start()?))
}

/// The check that finds the first break of each broken workload.
fn broken(report: &Value) -> BTreeMap<String, String> {
    let workloads = report["workloads"].as_array().unwrap().iter();
    let broken = workloads.filter(|one| one["verdict"] == "broken");
    let pair = |one: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let check = &one["report"]["first_broken"]["check"];
        (text(&one["workload"]), text(check))
    };
    broken.map(pair).collect()
}

fn report(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"))
}

/// Fails unless every chain holds.
fn all_hold(finished: &Finished, what: &str) {
    let report = report(finished);
    let verdicts: Vec<_> = report["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["workload"], &one["verdict"], problems(&one["report"])))
        .collect();
    assert_eq!(finished.code, 0, "{what}: {verdicts:#?}");
    assert!(
        verdicts.iter().all(|(_, verdict, _)| *verdict == "holds"),
        "{verdicts:#?}"
    );
}

/// The findings that do not hold.
fn problems(report: &Value) -> Vec<&Value> {
    let findings = report["findings"].as_array().unwrap().iter();
    let holds = |one: &&Value| one["verdict"] == "holds" || one["verdict"] == "not-applicable";
    findings.filter(|one| !holds(one)).collect()
}

#[test]
fn the_reference_holds_as_rendered() {
    let Some((cluster, mut aws)) = stages() else {
        return;
    };
    let setup = Setup::new("camunda-8.3-reference", "", &mut aws);
    cluster.create(&setup);
    let finished = setup.doctor(&cluster, &aws, &["--output", "json"]);
    all_hold(&finished, "the reference");
    let text = setup.doctor(&cluster, &aws, &[]);
    for words in [
        "Setup camunda, EKS cluster camunda, checked from: cluster, aws",
        "✓ keycloak     ok  aurora-namespace/aurora-serviceaccount, role aurora-role, database aurora/keycloak",
        "✓ Every link that was checked holds",
        "- the pods' own view: tokens, sessions, logins, and the grants in the data stores: pass `--exec`",
    ] {
        assert!(text.stdout.contains(words), "{words}: {}", text.stdout);
    }
}

#[test]
fn each_fault_is_shown_on_its_workloads_and_repaired_by_its_remedy() {
    let Some((cluster, mut aws)) = stages() else {
        return;
    };
    let setup = Setup::new("camunda-8.3", OVERLAY, &mut aws);
    cluster.create(&setup);
    all_hold(
        &setup.doctor(&cluster, &aws, &["--output", "json"]),
        "before",
    );
    for fault in faults(&setup) {
        for command in &fault.breaks {
            run(command, &cluster, &mut aws);
        }
        let finished = setup.doctor(&cluster, &aws, &["--output", "json"]);
        let report = report(&finished);
        assert_eq!(
            broken(&report),
            fault.expected(),
            "{}: {report:#}",
            fault.name
        );
        assert_eq!(finished.code, 3, "{}", fault.name);
        repair(&fault, &report, &cluster, &mut aws);
        all_hold(
            &setup.doctor(&cluster, &aws, &["--output", "json"]),
            fault.name,
        );
    }
}

/// Runs the commands of the remedy that the report shows first; if it is advice, what it advises.
fn repair(fault: &Fault, report: &Value, cluster: &Cluster, aws: &mut Moto) {
    let first = &report["first_broken"];
    let commands = first["commands"].as_array().unwrap().iter();
    let commands: Vec<_> = commands
        .map(|one| one.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        commands.is_empty(),
        !fault.by_hand.is_empty(),
        "{}: {first:#}",
        fault.name
    );
    for command in commands.iter().chain(&fault.by_hand) {
        run(command, cluster, aws);
    }
}

#[test]
fn a_contradiction_names_both_values_and_the_line() {
    let Some((cluster, mut aws)) = stages() else {
        return;
    };
    let setup = Setup::new("camunda-8.3", OVERLAY, &mut aws);
    cluster.create(&setup);
    let other = "arn:aws:iam::123456789012:role/other";
    let annotate = "kubectl -n camunda annotate --overwrite serviceaccount web-modeler \
                    eks.amazonaws.com/role-arn=";
    run(&format!("{annotate}{other}"), &cluster, &mut aws);
    let finished = setup.doctor(
        &cluster,
        &aws,
        &["--workload", "web-modeler", "--workload", "zeebe"],
    );
    assert_eq!(finished.code, 3);
    let line = setup.line_of("  web-modeler:");
    for words in [
        "✗ web-modeler  broken at service account",
        "✓ zeebe        ok",
        &format!(
            "the annotation of camunda/web-modeler names `{other}`, but irsa.yaml:{line} specifies \
             `arn:aws:iam::123456789012:role/camunda-web-modeler`"
        ),
        "kubectl -n camunda rollout restart deployment/web-modeler",
    ] {
        let text = finished
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&words), "{words}: {}", finished.stdout);
    }
    assert!(!finished.stdout.contains("keycloak"), "{}", finished.stdout);
}

/// A workload whose containers all have the role, and one with EKS Pod Identity.
const OVERLAY: &str = "workloads:
  web-modeler: {application_identity: keep}
  reports:
    service_account: bi/reports
    identity: pod-identity
    postgres: {store: aurora, database: keycloak, user: reports, privileges: read}
";
