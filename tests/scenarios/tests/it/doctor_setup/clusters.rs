//! A setup in two EKS clusters, each with its context.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use serde_json::{Value, json};

use super::cluster::{Cluster, ISSUER};
use super::setup::{Setup, run};
use super::{report, stages};

const GREEN_ISSUER: &str =
    "https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
/// A second cluster, and a workload that runs only in the first.
const OVERLAY: &str = "clusters:
  green: {existing: true}
workloads:
  web-modeler: {application_identity: keep}
  reports:
    service_account: bi/reports
    clusters: [camunda]
    identity: pod-identity
    postgres: {store: aurora, database: keycloak, user: reports, privileges: read}
";
const CONTEXTS: [&str; 6] = [
    "--from",
    "cluster",
    "--context",
    "irsa",
    "--context",
    "green",
];

/// Both kubeconfig files: the second has its own names.
fn kubeconfig(blue: &Cluster, green: &Cluster) -> OsString {
    let second = green.kubeconfig().with_file_name("green.kubeconfig");
    let text = fs::read_to_string(green.kubeconfig()).unwrap();
    let text = text
        .replace("name: irsa", "name: green")
        .replace("name: admin", "name: green-admin")
        .replace(
            "{cluster: irsa, user: admin}",
            "{cluster: green, user: green-admin}",
        );
    fs::write(&second, text).unwrap();
    std::env::join_paths([blue.kubeconfig(), second]).unwrap()
}

/// The verdict of each workload in each cluster.
fn verdicts(report: &Value) -> BTreeMap<(String, String), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let workloads = report["workloads"].as_array().unwrap().iter();
    workloads
        .map(|one| {
            let key = (text(&one["workload"]), text(&one["cluster"]));
            (key, text(&one["verdict"]))
        })
        .collect()
}

#[test]
fn a_workload_is_checked_in_each_of_its_clusters() {
    let (Some((blue, mut aws)), Some(green)) = (stages(), Cluster::with_issuer(GREEN_ISSUER))
    else {
        return;
    };
    let setup = Setup::new("camunda-8.3", OVERLAY, &mut aws);
    setup.set_issuers(&json!({
        "camunda": {"issuer": ISSUER},
        "green": {"issuer": GREEN_ISSUER},
    }));
    blue.create(&setup);
    green.create(&setup);
    run(
        "kubectl -n camunda delete serviceaccount zeebe",
        &green,
        &mut aws,
    );
    let kubeconfig = kubeconfig(&blue, &green);
    let doctor = |more: &[&str]| {
        let arguments = [&CONTEXTS[..], more].concat();
        setup.doctor_with(&kubeconfig, &aws, &arguments)
    };
    let finished = doctor(&["--output", "json"]);
    let found = report(&finished);
    assert_eq!(finished.code, 3, "{found:#}");
    let mut expected = BTreeMap::new();
    for cluster in ["camunda", "green"] {
        for workload in ["keycloak", "operate", "web-modeler", "zeebe"] {
            let verdict = match (workload, cluster) {
                ("zeebe", "green") => "broken",
                _ => "holds",
            };
            let key = (workload.to_owned(), cluster.to_owned());
            expected.insert(key, verdict.to_owned());
        }
    }
    let reports = ("reports".to_owned(), "camunda".to_owned());
    expected.insert(reports, "holds".to_owned());
    assert_eq!(verdicts(&found), expected, "{found:#}");
    assert_eq!(found["clusters"], json!(["camunda", "green"]));
    assert_eq!(found["first_broken"]["check"], "account-exists");
    assert_eq!(found["first_broken"]["cluster"], "green");
    let text = doctor(&[]).stdout;
    let heading = "Setup camunda, EKS clusters camunda, green, checked from: cluster";
    assert!(text.contains(heading), "{text}");
    assert!(text.contains("zeebe in green"), "{text}");
    // The same cluster twice is a mistake, and so is a name for one of several.
    let twice = doctor(&["--context", "irsa"]);
    assert_eq!(twice.code, 2, "{}", twice.stderr);
    let same = "`irsa` and `irsa` lead to the same EKS cluster, `camunda`";
    assert!(twice.stderr.contains(same), "{}", twice.stderr);
    let named = doctor(&["--eks-cluster", "green"]);
    assert_eq!(named.code, 2, "{}", named.stderr);
}
