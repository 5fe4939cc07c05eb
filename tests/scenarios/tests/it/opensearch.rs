//! The OpenSearch proxy without a domain; the tests with real clients use real domains.

use serde_json::Value;

use crate::http::{Answer, call};
use crate::pod::Pod;
use crate::stage::shared;
use irsa_testing::program::{finish, irsa_with_keys};

const ENDPOINT: &str = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";

/// Returns an upstream whose domain does not exist.
fn nowhere() -> String {
    format!("opensearch://{ENDPOINT}?dial=127.0.0.1:1&listen=127.0.0.1:0")
}

fn error(answer: &Answer) -> Value {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], answer.status, "{body}");
    body["error"].clone()
}

#[test]
fn one_proxy_serves_databases_and_domains() {
    let stage = shared();
    let upstreams = format!("{} {}", stage.upstream(), nowhere());
    let proxy = Pod::new(&stage)
        .with("IRSA_UPSTREAMS", upstreams)
        .proxy(&[]);
    assert_eq!(proxy.addresses("listening").len(), 2);
    let page = proxy.get("/status").body;
    assert!(page.contains(ENDPOINT), "{page}");
}

#[test]
fn an_unreachable_domain_is_reported_in_the_format_of_opensearch() {
    let stage = shared();
    let proxy = Pod::new(&stage)
        .with("IRSA_UPSTREAMS", nowhere())
        .proxy(&[]);
    let answer = call(&proxy.address("listening"), "GET", "/_cluster/health", &[]);
    assert_eq!(answer.status, 502);
    let error = error(&answer);
    assert_eq!(error["cause"], "endpoint-unreachable", "{error}");
    assert!(
        error["reason"].as_str().unwrap().contains(ENDPOINT),
        "{error}"
    );

    let metrics = proxy.get("/metrics").body;
    let counted = format!("irsa_opensearch_refusals_total{{upstream=\"{ENDPOINT}\"");
    assert!(metrics.contains(&counted), "{metrics}");
}

#[test]
fn a_broken_chain_is_reported_in_the_format_of_opensearch_without_fallback() {
    let stage = shared();
    let missing = stage.lab().state_dir().join("no-such-token");
    let proxy = Pod::new(&stage)
        .with("IRSA_UPSTREAMS", nowhere())
        .with_token_file(&missing)
        .proxy(&[]);
    let answer = call(&proxy.address("listening"), "GET", "/", &[]);
    let error = error(&answer);
    assert_eq!(error["link"], "projected-token", "{error}");
    assert_eq!(error["cause"], "token-file-missing", "{error}");
    assert!(!error["remedy"].as_str().unwrap().is_empty());
}

#[test]
fn a_command_finds_its_domain_in_a_variable() {
    let finished = finish(
        irsa_with_keys(&["exec", "--upstream", &nowhere(), "--"]).args([
            "sh",
            "-c",
            "echo $OPENSEARCH_URL; echo $PGHOST",
        ]),
    );
    let said = finished.printed();
    assert!(said.starts_with("http://127.0.0.1:"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn sizes_and_guards_are_checked_with_all_settings() {
    let upstream =
        format!("opensearch://{ENDPOINT}/orders?read-only=maybe&service=s3&listen=0.0.0.0:0");
    let finished = finish(irsa_with_keys(&["proxy", &upstream]).args([
        "--max-body",
        "huge",
        "--body-memory",
        "1TiB",
        "--response-timeout",
        "soon",
    ]));
    assert_eq!(finished.code, 2);
    let errors = finished.errors().join("\n");
    for problem in [
        "remove the path: the client chooses it",
        "`read-only`: `maybe`",
        "`service`",
        "--max-body: `huge` is not a size",
        "--body-memory: `1TiB` is not a size",
        "--response-timeout: `soon`",
    ] {
        assert!(errors.contains(problem), "{problem} is not in:\n{errors}");
    }
}

#[test]
fn a_listener_on_all_addresses_requires_client_authentication() {
    let upstream = nowhere().replace("127.0.0.1:0", "0.0.0.0:0");
    let finished = finish(&mut irsa_with_keys(&["proxy", &upstream]));
    assert_eq!(finished.code, 2);
    assert!(
        finished.errors()[0].contains("can be reached from outside"),
        "{}",
        finished.stderr
    );
}
