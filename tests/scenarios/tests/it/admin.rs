//! Health, metrics, the status page, and shutdown by request.

use crate::http;
use crate::pod::{Pod, USER};
use crate::proxy::Proxy;
use crate::stage::shared;
use irsa_testing::program::irsa_with_keys;

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

#[test]
fn both_listeners_respond_to_kubelet_and_prometheus() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--admin-address", "127.0.0.1:0"]);
    proxy.connect(USER, USER).unwrap();
    for listener in ["admin", "status"] {
        let address = proxy.address(listener);
        for path in ["/livez", "/readyz", "/startupz"] {
            assert_eq!(
                http::call(&address, "GET", path, &[]).status,
                200,
                "{listener} {path}"
            );
        }
        let metrics = http::call(&address, "GET", "/metrics", &[]);
        let valid = "irsa_identity_state{state=\"valid\"} 1";
        assert!(metrics.body.contains(valid), "{}", metrics.body);
        assert!(
            metrics.head.contains("openmetrics-text"),
            "{}",
            metrics.head
        );
    }
}

#[test]
fn only_the_status_listener_has_the_status_page() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--admin-address", "127.0.0.1:0"]);
    proxy.connect(USER, USER).unwrap();
    assert_eq!(proxy.link("sts-session")["state"], "ok");
    assert_eq!(proxy.link("trust-policy")["state"], "ok");

    let (admin, status) = (proxy.address("admin"), proxy.address("status"));
    let page = http::call(&status, "GET", "/status", &["Accept: text/html"]);
    assert!(page.head.contains("text/html"), "{}", page.head);
    for part in ["STS session", "keycloak-role", &stage.cluster().endpoint] {
        assert!(page.body.contains(part), "no `{part}` in {}", page.body);
    }
    for (method, path) in [("GET", "/status"), ("POST", "/quitquitquit")] {
        assert_eq!(http::call(&admin, method, path, &[]).status, 404, "{path}");
    }
    assert_eq!(http::call(&status, "GET", "/quitquitquit", &[]).status, 405);
}

#[test]
fn quitquitquit_stops_the_proxy_in_order() {
    let upstream = format!("postgres://{ENDPOINT}?listen=127.0.0.1:0");
    let mut command = irsa_with_keys(&["proxy", &upstream, "--status-address", "127.0.0.1:0"]);
    let proxy = Proxy::start(&mut command, None);
    let status = proxy.address("status");
    let page = ["Origin: https://evil.example"];
    assert_eq!(
        http::call(&status, "POST", "/quitquitquit", &page).status,
        403
    );
    assert_eq!(
        http::call(&status, "POST", "/quitquitquit", &[]).status,
        202
    );
    assert_eq!(proxy.ended(), 0);
}
