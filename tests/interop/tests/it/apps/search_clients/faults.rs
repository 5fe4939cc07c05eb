//! Three faults for each component, as the committed tables tell them.

use interop::faults::{committed, search};
use irsa_demo::reference_apps::search_clients::SearchClient;
use irsa_lab::ledger::Service;

use super::scene;

/// Those that leave the lab as it is: others use it at the same time.
const IDS: [&str; 3] = [
    "token-variable-missing",
    "trust-subject-mismatch",
    "fgac-not-granted",
];

#[test]
fn what_operate_and_irsa_say_is_what_the_guide_says() {
    is_as_committed(SearchClient::Operate);
}

#[test]
fn what_zeebe_and_irsa_say_is_what_the_guide_says() {
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
        "with half an identity its own way goes on as the node"
    );
}
