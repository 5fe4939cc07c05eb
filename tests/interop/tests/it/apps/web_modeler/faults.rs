//! Three faults, compared with the committed table.

use interop::faults::committed;
use interop::faults::database::{Application, DatabaseStage, FAULTS, row};
use irsa_lab::ledger::Service;

use super::{NAME, built_unless_missing};

const IDS: [&str; 3] = [
    "role-variable-missing",
    "trust-subject-mismatch",
    "rds-iam-not-granted",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_errors_of_web_modeler_and_irsa_are_those_in_the_guide() {
    let Some(built) = built_unless_missing().await else {
        return;
    };
    let application = Application::WebModeler(built);
    let committed = committed(application.guide()).unwrap();
    let stage = DatabaseStage::set(NAME, None).await.unwrap();
    let faults = FAULTS.iter();
    for fault in faults.filter(|fault| IDS.contains(&fault.id)) {
        let line = row(&stage, &application, fault).await.unwrap().line();
        let table = committed.join("\n");
        assert!(committed.contains(&line), "{line}\nis not in\n{table}");
    }
    let asked = stage.lab().ledger().asked(Service::Imds);
    assert_ne!(
        asked, 0,
        "with half an identity the SDK falls back to the node's role"
    );
    stage.strike().await;
}
