//! The pod's clock is an hour off: the lab's, which stands for AWS's, is set the other way.

use irsa_lab::oidc::TokenSpec;

use crate::pod::{Pod, USER};
use crate::sql::refusal;
use crate::stage::alone;

#[test]
fn a_clock_that_is_slow_makes_tokens_that_the_database_refuses() {
    let stage = alone();
    stage.breaks(|plan| plan.clock_skew_seconds = 3600);
    let proxy = Pod::new(&stage).proxy(&[]);
    let refused = refusal(&proxy.connect(USER, USER).err().unwrap());
    assert_eq!(refused.code().code(), "28000", "{refused:?}");
    assert!(
        refused.detail().unwrap().contains("token signed"),
        "{refused:?}"
    );
    // What the server hides from the client, its own log tells.
    let ledger = stage.lab().ledger();
    assert_eq!(
        ledger.last_refusal().unwrap().cause.id(),
        "rds-token-expired"
    );
}

#[test]
fn whoami_signs_by_the_time_of_aws_whether_the_clock_is_slow_or_fast() {
    for skew in [3600, -3600] {
        let stage = alone();
        stage.breaks(|plan| plan.clock_skew_seconds = skew);
        // The cluster's clock goes with AWS's.
        let mut spec = TokenSpec::new("camunda/keycloak".parse().unwrap());
        spec.issued_in = -7200;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, stage.lab().mint_token(&spec).unwrap()).unwrap();
        let pod = Pod::new(&stage).with_token_file(&file);
        let finished = pod.irsa(&["whoami"]);
        assert_eq!(finished.code, 0, "{skew}: {}", finished.stderr);
        assert!(
            finished.stdout.contains("assumed-role"),
            "{}",
            finished.stdout
        );
    }
}
