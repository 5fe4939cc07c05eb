//! Three faults, compared with the committed table.

use interop::faults::committed;
use interop::faults::database::{Application, DatabaseStage, FAULTS, row};

use super::stage::keycloak_unless_missing;

const IDS: [&str; 3] = [
    "role-variable-missing",
    "trust-subject-mismatch",
    "rds-iam-not-granted",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_errors_of_keycloak_and_irsa_are_those_in_the_guide() {
    let Some(home) = keycloak_unless_missing().await else {
        return;
    };
    let application = Application::Keycloak(home);
    let committed = committed(application.guide()).unwrap();
    let stage = DatabaseStage::set("keycloak", None).await.unwrap();
    let faults = FAULTS.iter();
    for fault in faults.filter(|fault| IDS.contains(&fault.id)) {
        let line = row(&stage, &application, fault).await.unwrap().line();
        let table = committed.join("\n");
        assert!(committed.contains(&line), "{line}\nis not in\n{table}");
    }
    stage.strike().await;
}
