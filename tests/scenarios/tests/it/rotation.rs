//! A new token while the proxy runs, as the kubelet writes it.

use irsa_lab::ledger::{Outcome, Service};

use crate::pod::{Pod, USER};
use crate::stage::alone;

#[test]
fn the_next_exchange_uses_the_new_token() {
    let stage = alone();
    stage.breaks(|plan| plan.session_seconds = Some(4));
    let refused = || {
        let ledger = stage.lab().ledger();
        ledger.count(Service::Sts, "AssumeRoleWithWebIdentity", Outcome::Refused)
    };
    let before = refused();
    let proxy = Pod::new(&stage).proxy(&[]);
    proxy.logs("credentials obtained", 1);

    // From now on the first token is invalid, because its key is retired.
    stage.lab().rotate_keys().unwrap();
    stage.lab().renew_tokens().unwrap();
    stage.lab().retire_old_keys();
    proxy.logs("credentials renewed", 1);
    let session = proxy.connect(USER, USER).unwrap();
    assert_eq!(session.query("select current_user").unwrap(), USER);
    assert_eq!(refused(), before);
}
