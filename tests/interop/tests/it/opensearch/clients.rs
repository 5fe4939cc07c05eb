//! OpenSearch's clients: through the proxy each has the same results as without it.

use interop::client::{self, Check, Client};
use interop::opensearch::OpenSearchTarget;

use super::stage::{MASTER, stage};

#[test]
fn opensearch_py_over_urllib3_sees_the_same() {
    sees_the_same(Client::OpenSearchPy("urllib3"), "urllib3", 28);
}

#[test]
fn opensearch_py_over_requests_sees_the_same() {
    sees_the_same(Client::OpenSearchPy("requests"), "requests", 28);
}

#[test]
fn opensearch_py_over_aiohttp_sees_the_same() {
    sees_the_same(Client::OpenSearchPy("aiohttp"), "aiohttp", 28);
}

#[test]
fn opensearch_js_sees_the_same() {
    sees_the_same(Client::OpenSearchJs, "js", 28);
}

#[test]
fn opensearch_go_sees_the_same() {
    sees_the_same(Client::OpenSearchGo, "go", 27);
}

#[test]
fn the_low_level_client_of_java_sees_the_same() {
    sees_the_same(Client::OpenSearchJava("rest"), "rest", 27);
}

#[test]
fn opensearch_java_sees_the_same() {
    sees_the_same(Client::OpenSearchJava("java"), "java", 37);
}

#[test]
fn the_exporter_of_zeebe_sees_the_same() {
    sees_the_same(Client::Camunda("exporter"), "exporter", 26);
}

#[test]
fn the_applications_of_camunda_see_the_same() {
    sees_the_same(Client::Camunda("operate"), "operate", 14);
}

#[test]
fn the_paths_of_index_state_management_arrive_the_same() {
    sees_the_same(Client::Camunda("ism"), "ism", 10);
}

/// Runs a client's checks without a proxy, through it without TLS, and through it with its certificate verified. The
/// names that it uses start with `prefix`, because tests share the servers.
fn sees_the_same(client: Client, prefix: &str, checks: usize) {
    if client.unless_missing().is_none() {
        return;
    }
    let Some(stage) = stage() else { return };
    let expected = run(client, &stage.direct(), prefix);
    let failed: Vec<_> = expected
        .iter()
        .filter(|check| check.result.is_err())
        .collect();
    assert!(failed.is_empty(), "without a proxy: {failed:#?}");
    assert_eq!(expected.len(), checks, "checks that ran");
    let proxy = stage.proxy(MASTER);
    for (way, target) in [
        ("in clear text", proxy.opensearch_target()),
        ("over TLS", proxy.opensearch_tls_target()),
    ] {
        let seen = run(client, &target, prefix);
        let differing: Vec<_> = expected
            .iter()
            .zip(&seen)
            .filter(|(expected, seen)| expected != seen)
            .collect();
        assert!(
            differing.is_empty() && seen.len() == expected.len(),
            "{way}: {differing:#?}\n{}",
            proxy.log()
        );
    }
}

fn run(client: Client, target: &OpenSearchTarget, prefix: &str) -> Vec<Check> {
    let mut program = client.unless_missing().expect("it ran before");
    client::run(target.point(&mut program, prefix)).unwrap()
}
