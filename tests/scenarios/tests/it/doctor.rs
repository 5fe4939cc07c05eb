//! The doctor in a pod, as an on-call engineer runs it.

use crate::pod::{Pod, USER};
use crate::stage::shared;
use irsa_testing::program::{Finished, finish, irsa};

const JSON: [&str; 5] = ["doctor", "--user", USER, "--output", "json"];

#[test]
fn a_working_chain_has_no_findings() {
    let pod = out_of_reach(Pod::new(&shared()));
    let finished = pod.irsa(&JSON);
    let report = report(&finished);
    assert_eq!(finished.code, 0, "{report:#}");
    assert_eq!(report["overall"], "holds");
    assert_eq!(report["first_broken"], serde_json::Value::Null);
    let chain = report["chain"].as_array().unwrap();
    let is_held = |link: &&serde_json::Value| link["verdict"] == "holds";
    assert!(chain.iter().filter(is_held).count() >= 7, "{chain:#?}");
}

#[test]
fn the_first_broken_link_is_named_with_its_remedy() {
    let pod = out_of_reach(Pod::for_workload(&shared(), "neighbour"));
    let finished = pod.irsa(&JSON);
    let report = report(&finished);
    assert_eq!(finished.code, 3, "{report:#}");
    let broken = &report["first_broken"];
    assert_eq!(broken["check"], "sts-trust", "{broken:#}");
    assert_eq!(broken["link"], "trust-policy");
    let remedy = broken["remedy"].as_str().unwrap();
    assert!(
        remedy.contains("system:serviceaccount:camunda:neighbour"),
        "{remedy}"
    );

    let finished = pod.irsa(&["doctor", "--user", USER]);
    let text = finished.stdout.as_str();
    assert!(text.contains("Broken at the trust policy"), "{text}");
    assert!(
        !text.contains('\u{1b}'),
        "colors without a terminal: {text}"
    );
}

#[test]
fn a_process_without_an_identity_is_reported() {
    let finished = finish(&mut irsa(&["doctor", "--output", "json"]));
    assert_eq!(finished.code, 3);
    let report = report(&finished);
    assert_eq!(
        report["first_broken"]["check"], "identity-given",
        "{report:#}"
    );
}

#[test]
fn an_unavailable_place_does_not_affect_the_findings_of_others() {
    let pod = out_of_reach(Pod::new(&shared()));
    let all = ["--from", "pod,cluster,aws", "--pod", "a/b"];
    let nowhere = [
        "--kubeconfig",
        "/nowhere/kubeconfig",
        "--aws-profile",
        "unknown",
    ];
    let finished = pod.irsa(&[&JSON[..], &all, &nowhere].concat());
    let report = report(&finished);
    assert_eq!(finished.code, 4, "{report:#}");
    for (check, verdict) in [
        ("caller", "holds"),
        ("cluster-api", "unsure"),
        ("cluster-pod", "not-reached"),
        ("aws-credentials", "unsure"),
    ] {
        assert_eq!(check_of(&report, check)["verdict"], verdict, "{report:#}");
    }
    let seen = check_of(&report, "cluster-api")["seen"].as_str().unwrap();
    assert!(seen.contains("/nowhere/kubeconfig"), "{seen}");
}

#[test]
fn a_check_that_could_not_run_is_named_at_the_end() {
    let pod = out_of_reach(Pod::new(&shared()));
    let finished = pod.irsa(&["doctor"]);
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    let lines: Vec<_> = finished.stdout.lines().collect();
    let last = lines[lines.len().saturating_sub(8)..].join("\n");
    for words in ["? No failure found", "database-membership", "--user"] {
        assert!(last.contains(words), "{words}: {}", finished.stdout);
    }
    let all = pod.irsa(&["doctor", "--verbose"]);
    assert!(all.stdout.contains("token-expiry"), "{}", all.stdout);
}

#[test]
fn an_endless_token_file_does_not_block_the_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let made = std::process::Command::new("mkfifo").arg(&token).status();
    assert!(made.unwrap().success());
    let pod = out_of_reach(Pod::new(&shared())).with_token_file(&token);
    let finished = pod.irsa(&JSON);
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(
        check_of(&report(&finished), "token-file")["verdict"],
        "unsure"
    );
}

#[test]
fn every_invalid_setting_is_reported() {
    let mistakes = [
        "doctor",
        "--from",
        "cluster",
        "--timeout",
        "soon",
        "--issuer",
        "nowhere",
    ];
    let finished = finish(&mut irsa(&mistakes));
    assert_eq!(finished.code, 2);
    let errors = finished.errors().join("\n");
    for mistake in ["--pod or --service-account", "--timeout", "--issuer"] {
        assert!(errors.contains(mistake), "{mistake}: {errors}");
    }
}

#[test]
fn arguments_that_the_specification_replaces_are_refused() {
    let finished = finish(&mut irsa(&[
        "doctor",
        "-f",
        "irsa.yaml",
        "--user",
        "shop",
        "--from",
        "pod",
        "postgres://db",
    ]));
    assert_eq!(finished.code, 2);
    let errors = finished.errors().join("\n");
    for mistake in [
        "UPSTREAM has no effect with --file",
        "--user has no effect with --file",
        "--from pod requires --exec with --file",
    ] {
        assert!(errors.contains(mistake), "{mistake}: {errors}");
    }
    for arguments in [["--exec", "--verbose"], ["--workload", "shop"]] {
        let finished = finish(irsa(&["doctor"]).args(arguments));
        assert_eq!(finished.code, 2, "{arguments:?}");
        assert!(finished.stderr.contains("--file"), "{}", finished.stderr);
    }
}

/// What Terraform outputs for the preset.
const OUTPUTS: &str = r#"{"version": 1,
    "clusters": {"camunda": {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/A"}},
    "postgres": {"aurora": {"endpoint": "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com",
                            "resource_id": "cluster-AURORA"}},
    "opensearch": {"camunda": {
        "endpoint": "search-camunda-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com"}}}"#;

#[test]
fn a_specification_whose_names_are_not_known_yet_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    finish(irsa(&["init", "--for", "camunda-8.3", "--out"]).arg(folder.path())).printed();
    let doctor = |arguments: &[&str]| {
        let mut command = irsa(&["doctor", "-f", "irsa.yaml"]);
        finish(command.args(arguments).current_dir(&folder))
    };
    let finished = doctor(&[]);
    assert_eq!(finished.code, 1);
    assert!(
        finished
            .stderr
            .contains("terraform output -json irsa > irsa.outputs.json"),
        "{}",
        finished.stderr
    );
    std::fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    let finished = doctor(&["--workload", "keycloack"]);
    assert_eq!(finished.code, 2);
    let errors = finished.errors().join("\n");
    assert!(
        errors.contains("--workload: there is no `keycloack`; did you mean `keycloak`?"),
        "{errors}"
    );
    let finished = doctor(&["--eks-cluster", "camunda2"]);
    assert!(
        finished.errors()[0].contains("--eks-cluster: there is no `camunda2`"),
        "{finished:?}"
    );
}

#[test]
fn a_setup_whose_places_are_unavailable_is_unsure() {
    let folder = tempfile::tempdir().unwrap();
    finish(irsa(&["init", "--for", "camunda-8.3", "--out"]).arg(folder.path())).printed();
    std::fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    let mut command = irsa(&[
        "doctor",
        "-f",
        "irsa.yaml",
        "--from",
        "cluster",
        "--kubeconfig",
        "/nowhere",
    ]);
    let finished = finish(command.current_dir(&folder));
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    for words in [
        "· keycloak",
        "not checked",
        "/nowhere",
        "--from cluster,aws",
    ] {
        assert!(
            finished.stdout.contains(words),
            "{words}: {}",
            finished.stdout
        );
    }
}

fn report(finished: &Finished) -> serde_json::Value {
    serde_json::from_str(&finished.stdout).unwrap()
}

fn check_of<'r>(report: &'r serde_json::Value, check: &str) -> &'r serde_json::Value {
    let mut findings = report["findings"].as_array().unwrap().iter();
    findings.find(|finding| finding["check"] == check).unwrap()
}

/// The pod on a node whose metadata it cannot reach, as recommended: the doctor is the only command that asks.
fn out_of_reach(pod: Pod) -> Pod {
    pod.with("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
}
