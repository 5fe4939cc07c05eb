//! The chain as the proxy sees it: the state of each link according to its last use.

use serde_json::Value;

use crate::http;
use crate::pod::{Pod, USER};
use crate::proxy::Proxy;
use crate::stage::{alone, shared};
use irsa_testing::program::{finish, irsa, irsa_with_keys};

const LINKS: [&str; 9] = [
    "service-account",
    "projected-token",
    "oidc-provider",
    "trust-policy",
    "sts-session",
    "permissions",
    "signature",
    "endpoint",
    "grant",
];

fn states(proxy: &Proxy) -> [Value; 9] {
    LINKS.map(|link| proxy.link(link)["state"].clone())
}

fn status(proxy: &Proxy) -> Value {
    serde_json::from_str(&proxy.get("/status").body).unwrap()
}

#[test]
fn a_login_proves_every_link_with_evidence() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&[]);
    proxy.logs("credentials obtained", 1);
    for link in &LINKS[5..] {
        assert_eq!(proxy.link(link)["state"], "unknown", "{link}");
    }
    proxy.connect(USER, USER).unwrap();
    assert_eq!(states(&proxy), ["ok"; 9]);
    let status = status(&proxy);
    assert_eq!(
        (&status["overall"], &status["first_broken"]),
        (&"ok".into(), &Value::Null)
    );
    for link in status["links"].as_array().unwrap() {
        assert!(link["held_at"].as_str().unwrap().ends_with('Z'), "{link}");
    }
    for (link, word) in [
        ("service-account", "keycloak-role"),
        ("projected-token", "subject system:serviceaccount:"),
        ("projected-token", "audience sts.amazonaws.com"),
        ("oidc-provider", "https://"),
        ("sts-session", "and are renewed at"),
    ] {
        let detail = proxy.link(link)["detail"].clone();
        assert!(detail.as_str().unwrap().contains(word), "{link}: {detail}");
    }
    let upstream = &proxy.link("grant")["subject"];
    assert!(
        upstream
            .as_str()
            .unwrap()
            .starts_with(&stage.cluster().endpoint),
        "{upstream}"
    );
}

#[test]
fn the_token_is_never_shown() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&[]);
    proxy.connect(USER, USER).unwrap();
    let file = &stage.workload("keycloak").environment["AWS_WEB_IDENTITY_TOKEN_FILE"];
    let token = std::fs::read_to_string(file).unwrap();
    let page = proxy.get("/status?format=html").body;
    for shown in [page, proxy.get("/status").body] {
        for part in token.trim().split('.') {
            assert!(!shown.contains(part), "{shown}");
        }
    }
}

#[test]
fn a_refusal_breaks_only_its_own_link() {
    let stage = shared();
    let proxy = Pod::for_workload(&stage, "neighbour").proxy(&[]);
    proxy.logs("no credentials", 1);
    let expected = [
        "ok", "ok", "ok", "broken", "unknown", "unknown", "unknown", "unknown", "unknown",
    ];
    assert_eq!(states(&proxy), expected);
    let broken = proxy.link("trust-policy");
    assert_eq!(broken["cause"], "trust-denied");
    assert!(
        broken["remedy"].as_str().unwrap().contains("get-role"),
        "{broken}"
    );
    assert_eq!(status(&proxy)["first_broken"], "trust-policy");
}

#[test]
fn a_missing_database_breaks_the_grant_until_a_login_succeeds() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&[]);
    proxy.connect(USER, "no_such_database").err().unwrap();
    let mut expected = ["ok"; 9];
    expected[8] = "broken";
    assert_eq!(states(&proxy), expected);
    assert_eq!(proxy.link("grant")["cause"], "wrong-database");
    proxy.connect(USER, USER).unwrap();
    assert_eq!(states(&proxy), ["ok"; 9]);
}

#[test]
fn without_sts_its_links_are_unknown() {
    let stage = alone();
    stage.breaks(|plan| plan.sts_down = true);
    let proxy = Pod::new(&stage).proxy(&["--credentials-timeout", "300ms"]);
    proxy.logs("no credentials", 1);
    let states = states(&proxy);
    assert_eq!(states[..5], ["ok", "ok", "unknown", "unknown", "broken"]);
    assert_eq!(proxy.link("sts-session")["cause"], "sts-unreachable");
}

#[test]
fn each_upstream_has_its_own_links() {
    let stage = shared();
    let domain = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
    let nowhere = format!("opensearch://{domain}?dial=127.0.0.1:1&listen=127.0.0.1:0");
    let upstreams = format!("{} {nowhere}", stage.upstream());
    let proxy = Pod::new(&stage)
        .with("IRSA_UPSTREAMS", upstreams)
        .proxy(&[]);
    let address = proxy.addresses("listening").pop().unwrap();
    assert_eq!(
        http::call(&address, "GET", "/_cluster/health", &[]).status,
        502
    );
    let status = status(&proxy);
    let links = status["links"].as_array().unwrap();
    let endpoints = links.iter().filter(|link| link["link"] == "endpoint");
    let endpoints: Vec<_> = endpoints
        .map(|link| (&link["subject"], &link["state"]))
        .collect();
    assert_eq!(endpoints.len(), 2, "{status}");
    assert_eq!(endpoints[0].1, "unknown");
    assert_eq!(endpoints[1], (&domain.into(), &"broken".into()));
    assert_eq!(status["first_broken"], "endpoint");
}

#[test]
fn static_keys_need_no_service_account_token_or_provider() {
    let upstream =
        "postgres://shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com?listen=127.0.0.1:0";
    let mut command = irsa_with_keys(&["proxy", upstream, "--status-address", "127.0.0.1:0"]);
    let proxy = Proxy::start(&mut command, None);
    proxy.logs("credentials obtained", 1);
    let states = states(&proxy);
    assert_eq!(
        states[..5],
        [
            "not-applicable",
            "not-applicable",
            "not-applicable",
            "not-applicable",
            "ok"
        ]
    );
}

#[test]
fn irsa_status_prints_the_chain_and_ends_with_3_if_a_link_is_broken() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&[]);
    proxy.connect(USER, USER).unwrap();
    let ask = |proxy: &Proxy, output: &str| {
        let address = proxy.address("status");
        finish(&mut irsa(&[
            "status",
            "--status-address",
            &address,
            "--output",
            output,
        ]))
    };
    let whole = ask(&proxy, "text");
    let text = whole.printed();
    assert!(text.ends_with("The chain: every link holds"), "{text}");
    assert!(text.contains("keycloak-role"), "{text}");
    assert_eq!(ask(&proxy, "json").json()["overall"], "ok");

    let broken = Pod::for_workload(&stage, "neighbour").proxy(&[]);
    broken.logs("no credentials", 1);
    let shown = ask(&broken, "text");
    assert_eq!(shown.code, 3, "{}", shown.stderr);
    assert!(
        shown
            .stdout
            .contains("The chain: broken at the trust policy\n"),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.contains("\n  cause   trust-denied: "),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("\n  remedy  "), "{}", shown.stdout);
}

#[test]
fn readiness_with_identity_waits_for_a_session() {
    let stage = shared();
    let broken = Pod::for_workload(&stage, "neighbour").proxy(&[]);
    broken.logs("no credentials", 1);
    assert_eq!(broken.get("/readyz").status, 200);
    let refused = broken.get("/readyz?identity");
    assert_eq!(refused.status, 503);
    let expected = "no valid credentials (link: trust-policy, cause: trust-denied)\n";
    assert_eq!(refused.body, expected);
    let proxy = Pod::new(&stage).proxy(&[]);
    proxy.logs("credentials obtained", 1);
    assert_eq!(proxy.get("/readyz?identity").status, 200);
}
