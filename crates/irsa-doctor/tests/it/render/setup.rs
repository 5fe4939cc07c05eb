//! The report of all workloads of a setup.

use irsa_chain::Link;
use irsa_doctor::render::{self, Style};
use irsa_doctor::{ChainState, NotChecked, Place, Report, SetupReport, Verdict, WorkloadReport};
use serde_json::Value;

use super::fixture::{all_well, one_broken, unsure, without_colors, workload};

fn row(name: &str, report: Report) -> WorkloadReport {
    WorkloadReport {
        workload: name.to_owned(),
        cluster: None,
        specified: format!("shop/{name}, role {name}"),
        runs_here: true,
        report,
        not_checked: Vec::new(),
    }
}

#[test]
fn a_workload_in_several_clusters_has_a_line_for_each() {
    let row = |cluster: &str, report| WorkloadReport {
        cluster: Some(cluster.to_owned()),
        ..row("api", report)
    };
    let rows = vec![row("blue", all_well()), row("green", one_broken())];
    let report = SetupReport {
        clusters: vec!["blue".to_owned(), "green".to_owned()],
        ..setup(rows)
    };
    let text = without_colors(&render::setup_text(&report, &Style::default()));
    for words in [
        "Setup shop, EKS clusters blue, green, checked from: cluster, aws",
        "api in blue   ok",
        "api in green  broken at trust policy",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let json: Value = serde_json::from_str(&render::setup_json(&report)).unwrap();
    assert_eq!(json["clusters"], serde_json::json!(["blue", "green"]));
    assert_eq!(json["first_broken"]["cluster"], "green");
    assert!(render::setup_junit(&report).contains("<testsuite name=\"api in green\""));
}

fn no_report() -> Report {
    Report::new(workload(), Vec::new())
}

fn part(place: Place, why: &str) -> NotChecked {
    NotChecked {
        place,
        why: why.to_owned(),
        remedy: "pass `--exec`".to_owned(),
    }
}

fn setup(workloads: Vec<WorkloadReport>) -> SetupReport {
    SetupReport {
        setup: "shop".to_owned(),
        clusters: vec!["blue".to_owned()],
        places: vec![Place::Cluster, Place::Aws],
        workloads,
        not_requested: vec![part(Place::Pod, "the pods' own view")],
    }
}

/// Of four workloads, two have the same break; one has no pod, and one runs elsewhere.
fn mixed() -> SetupReport {
    let mut without_pod = row("without-pod", all_well());
    without_pod
        .not_checked
        .push(part(Place::Pod, "no pod runs as shop/without-pod"));
    let mut elsewhere = row("elsewhere", no_report());
    elsewhere.runs_here = false;
    elsewhere
        .not_checked
        .push(part(Place::Cluster, "it runs in green only"));
    setup(vec![
        row("whole", all_well()),
        row("first", one_broken()),
        without_pod,
        row("second", one_broken()),
        row("uncertain", unsure()),
        elsewhere,
    ])
}

#[test]
fn each_workload_has_a_line_and_the_first_break_is_explained_once() {
    insta::assert_snapshot!(render::setup_text(&mixed(), &Style::default()));
}

#[test]
fn a_setup_that_holds_says_what_was_not_checked() {
    insta::assert_snapshot!(render::setup_text(
        &setup(vec![row("whole", all_well()), row("other", all_well())]),
        &Style::default()
    ));
}

#[test]
fn the_report_of_each_workload_is_shown_on_demand() {
    let style = Style {
        verbose: true,
        color: true,
        ..Style::default()
    };
    let text = without_colors(&render::setup_text(&mixed(), &style));
    for words in ["Workload whole", "Workload second", "token-expiry"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn the_states_of_the_workloads_decide() {
    let states: Vec<_> = mixed()
        .workloads
        .iter()
        .map(WorkloadReport::state)
        .collect();
    let broken = ChainState::Broken(Link::TrustPolicy);
    assert_eq!(
        states,
        [
            ChainState::Holds,
            broken,
            ChainState::Unsure,
            broken,
            ChainState::Unsure,
            ChainState::NotChecked
        ]
    );
    let overall = |names: &[usize]| {
        let all = mixed().workloads;
        setup(names.iter().map(|at| all[*at].clone()).collect()).overall()
    };
    assert_eq!(overall(&[0, 1, 2]), Verdict::Broken);
    assert_eq!(overall(&[0, 2]), Verdict::Unsure);
    // Workloads of other clusters do not count, but some workload must have been checked.
    assert_eq!(overall(&[0, 5]), Verdict::Holds);
    assert_eq!(overall(&[5]), Verdict::Unsure);
    let unavailable = setup(vec![row("whole", all_well()), row("other", no_report())]);
    assert_eq!(unavailable.overall(), Verdict::Unsure);
}

#[test]
fn programs_get_the_same_content() {
    let json: Value = serde_json::from_str(&render::setup_json(&mixed())).unwrap();
    assert_eq!(json["overall"], "broken");
    assert_eq!(json["first_broken"]["workload"], "first");
    assert_eq!(json["first_broken"]["check"], "trust-subject");
    assert_eq!(json["not_checked"][0]["place"], "pod");
    let workloads = json["workloads"].as_array().unwrap();
    assert_eq!(workloads[1]["broken_at"], "trust-policy");
    assert_eq!(
        workloads[1]["report"]["first_broken"]["check"],
        "trust-subject"
    );
    assert_eq!(
        workloads[2]["not_checked"][0]["why"],
        "no pod runs as shop/without-pod"
    );
    assert_eq!(workloads[5]["verdict"], Value::Null);
    let xml = render::setup_junit(&mixed());
    assert_eq!(xml.matches("<testsuite name=").count(), 6, "{xml}");
    assert_eq!(xml.matches("<failure ").count(), 2, "{xml}");
    assert!(
        xml.contains("message=\"not checked: it runs in green only\""),
        "{xml}"
    );
}
