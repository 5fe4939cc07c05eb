//! `irsa-lab demo --full`, as a newcomer runs it.

use std::process::Command;

use interop::server::cache_folder;
use irsa_testing::program::path;
use serde_json::Value;

use super::keycloak::keycloak_unless_missing;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_full_demo_runs_every_application_both_ways() {
    if keycloak_unless_missing().await.is_none() {
        return;
    }
    let output = Command::new(path("irsa-lab"))
        .args(["demo", "--full", "--output", "json"])
        .env("IRSA_CACHE_DIR", cache_folder().unwrap())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let applications = report["applications"].as_array().unwrap();
    let ways = |way: &str| {
        applications
            .iter()
            .filter(|shown| shown["way"] == way)
            .count()
    };
    assert_eq!(
        (ways("through irsa"), ways("in its own way")),
        (4, 4),
        "{report:#}"
    );
    assert_eq!(report["imds_requests"], 0);
}
