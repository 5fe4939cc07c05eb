//! `irsa credentials`, in the form of an AWS `credential_process`.

use std::collections::BTreeSet;

use crate::pod::Pod;
use crate::stage::shared;

#[test]
fn they_have_exactly_the_fields_that_sdks_read() {
    let stage = shared();
    let json = Pod::new(&stage).irsa(&["credentials"]).json();
    let fields: BTreeSet<_> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "AccessKeyId",
        "Expiration",
        "SecretAccessKey",
        "SessionToken",
        "Version",
    ];
    assert_eq!(fields, BTreeSet::from(expected));
    assert_eq!(json["Version"], 1);

    let session = stage
        .lab()
        .sessions()
        .find(json["AccessKeyId"].as_str().unwrap())
        .unwrap();
    let (secret, token) = (
        &session.credentials.secret_access_key,
        &session.credentials.session_token,
    );
    assert!(secret.matches(json["SecretAccessKey"].as_str().unwrap()));
    assert!(token.matches(json["SessionToken"].as_str().unwrap()));
    let expiration = humantime::parse_rfc3339(json["Expiration"].as_str().unwrap()).unwrap();
    let late = session.expires_at.duration_since(expiration).unwrap();
    assert!(late.as_secs() == 0, "{late:?}");
}

#[test]
fn nothing_is_printed_without_credentials() {
    let stage = shared();
    let finished = Pod::for_workload(&stage, "neighbour").irsa(&["credentials"]);
    finished.check_broken("trust-policy");
    assert_eq!(finished.stdout, "");
}
