//! `irsa-lab demo --full`, as a newcomer runs it.

use std::process::Command;

use interop::server::cache_folder;
use irsa_testing::program::path;
use serde_json::Value;

use super::keycloak::keycloak_unless_missing;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_full_demo_runs_every_application_in_both_modes() {
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
    let runs = |mode: &str| {
        let all = applications.iter();
        all.filter(|shown| shown["way"] == mode).count()
    };
    assert_eq!(
        (runs("through irsa"), runs("with its own signing")),
        (4, 4),
        "{report:#}"
    );
    assert_eq!(report["imds_requests"], 0);
    for attack in report["attacks"].as_array().unwrap() {
        let remedy = attack["remedy"].as_str().unwrap();
        for placeholder in ["NAMESPACE", "ISSUER", "ROLE_ARN", "DB_USER", "DOMAIN"] {
            assert!(!remedy.contains(placeholder), "{remedy}");
        }
    }
}
