//! Three faults for each component, compared with the committed tables.

use interop::faults::{committed, search};
use irsa_demo::reference_apps::search_clients::SearchClient;
use irsa_lab::ledger::Service;

use super::scene;

/// Faults that do not affect the lab, which other tests use at the same time.
const IDS: [&str; 3] = [
    "token-variable-missing",
    "trust-subject-mismatch",
    "fgac-not-granted",
];

#[test]
fn the_errors_of_operate_and_irsa_are_those_in_the_guide() {
    is_as_committed(SearchClient::Operate);
}

#[test]
fn the_errors_of_zeebe_and_irsa_are_those_in_the_guide() {
    is_as_committed(SearchClient::Zeebe);
}

fn is_as_committed(client: SearchClient) {
    let Some(scene) = scene() else { return };
    let committed = committed(client.name()).unwrap();
    let faults = search::FAULTS.iter();
    for fault in faults.filter(|fault| IDS.contains(&fault.id)) {
        let row = search::row(scene.stage.lab(), client, &scene.built, fault);
        let line = scene.stage.runtime.block_on(row).unwrap().line();
        assert!(
            committed.contains(&line),
            "{line}\nis not in\n{}",
            committed.join("\n")
        );
    }
    assert_ne!(
        scene.stage.lab().ledger().asked(Service::Imds),
        0,
        "with half an identity the SDK falls back to the node's role"
    );
}
