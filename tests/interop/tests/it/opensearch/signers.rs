//! Existing signers straight to the lab's domain: it accepts what AWS accepts and rejects what AWS rejects.

use interop::client::{self, Check, Client};

use super::stage::{MASTER, Stage, stage};

const FORBIDDEN: u16 = 403;

/// opensearch-py signs `+` for a space, but sends `%20`.
const OPENSEARCH_PY: [&str; 1] = ["query-with-space"];

#[test]
fn botocore_is_accepted() {
    // botocore signs a query unchanged, and expects its caller to encode it.
    is_taken(
        Client::SignerPy("botocore"),
        "botocore",
        &["query-not-encoded"],
    );
}

#[test]
fn opensearch_py_over_urllib3_is_accepted() {
    is_taken(Client::SignerPy("urllib3"), "sign-urllib3", &OPENSEARCH_PY);
}

#[test]
fn opensearch_py_over_requests_is_accepted() {
    is_taken(
        Client::SignerPy("requests"),
        "sign-requests",
        &OPENSEARCH_PY,
    );
}

#[test]
fn opensearch_py_over_aiohttp_is_accepted() {
    is_taken(Client::SignerPy("aiohttp"), "sign-aiohttp", &OPENSEARCH_PY);
}

#[test]
fn the_interceptor_for_java_is_accepted() {
    is_taken(Client::SignerJava("interceptor"), "interceptor", &[]);
}

#[test]
fn the_transport_of_opensearch_java_is_accepted() {
    // The SDK's Apache client sends no body with these, but signs it.
    let signs_wrong = ["clear-scroll", "get-with-body"];
    is_taken(Client::SignerJava("sdk"), "sdk", &signs_wrong);
}

/// Checks that all requests are accepted except those that this signer signs incorrectly, and none with a changed
/// signature.
fn is_taken(client: Client, prefix: &str, signs_wrong: &[&str]) {
    if client.unless_missing().is_none() {
        return;
    }
    let Some(stage) = stage() else { return };
    let checks = run(&stage, client, prefix, false);
    let refused: Vec<&str> = checks
        .iter()
        .filter(|check| is_refused(check))
        .map(|check| check.name.as_str())
        .collect();
    assert_eq!(refused, signs_wrong, "{checks:#?}");
    let failed: Vec<&Check> = checks
        .iter()
        .filter(|check| check.result.is_err())
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let changed = run(&stage, client, prefix, true);
    let taken: Vec<&Check> = changed.iter().filter(|check| !is_refused(check)).collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

fn run(stage: &Stage, client: Client, prefix: &str, tampers: bool) -> Vec<Check> {
    let session = stage.session(MASTER);
    let mut program = client.unless_missing().expect("it ran before");
    let credentials = &session.credentials;
    program
        .env("AWS_ACCESS_KEY_ID", &credentials.access_key_id)
        .env(
            "AWS_SECRET_ACCESS_KEY",
            credentials.secret_access_key.expose(),
        )
        .env("AWS_SESSION_TOKEN", credentials.session_token.expose())
        .env("AWS_REGION", stage.domain().region.as_str())
        .env("AWS_EC2_METADATA_DISABLED", "true");
    if tampers {
        program.env("TAMPER", "1");
    }
    client::run(stage.front().point(&mut program, prefix)).unwrap()
}

/// The role has all permissions, so that only the signature can be the reason of a refusal.
fn is_refused(check: &Check) -> bool {
    let saw = check.result.as_ref();
    saw.is_ok_and(|saw| saw == FORBIDDEN || saw[0] == FORBIDDEN)
}
