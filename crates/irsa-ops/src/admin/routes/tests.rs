//! Tests of the routes, without a socket.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use irsa_chain::Link;
use prometheus_client::metrics::counter::Counter;

use super::*;
use crate::status::LinkStatus;

const LOCAL: Peer = Peer::Tcp(std::net::SocketAddr::V4(std::net::SocketAddrV4::new(
    Ipv4Addr::LOCALHOST,
    50_000,
)));

struct Fixed;

impl StatusSource for Fixed {
    fn status(&self) -> Status {
        Status {
            program: "irsa proxy".to_owned(),
            version: "1.2.3".to_owned(),
            at: std::time::UNIX_EPOCH,
            links: vec![LinkStatus::ok(Link::StsSession, "valid")],
            facts: Vec::new(),
        }
    }
}

struct Fixture {
    admin: Admin,
    quits: Arc<AtomicU32>,
}

impl Fixture {
    fn new() -> Self {
        let quits = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&quits);
        let admin = Admin {
            health: Health::new(),
            metrics: Metrics::new(),
            status: Arc::new(Fixed),
            quit: Box::new(move || {
                counted.fetch_add(1, Ordering::Relaxed);
            }),
            recent: RecentMetrics::default(),
        };
        Self { admin, quits }
    }

    fn ask(
        &self,
        access: Access,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Response<Bytes> {
        let mut builder = Request::builder().method(method).uri(target);
        if !headers.iter().any(|(name, _)| *name == "host") {
            builder = builder.header("host", "localhost:9440");
        }
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request = builder.body(Bytes::new()).unwrap();
        self.admin.respond(access, &request, LOCAL)
    }

    fn get(&self, access: Access, target: &str) -> Response<Bytes> {
        self.ask(access, "GET", target, &[])
    }

    fn quits(&self) -> u32 {
        self.quits.load(Ordering::Relaxed)
    }
}

fn body(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn kind(response: &Response<Bytes>) -> &str {
    response.headers()[header::CONTENT_TYPE].to_str().unwrap()
}

#[test]
fn probes_report_the_health() {
    let fixture = Fixture::new();
    let ask = |path| fixture.get(Access::Public, path).status();
    assert_eq!(ask("/livez"), StatusCode::OK);
    assert_eq!(ask("/startupz"), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask("/readyz"), StatusCode::SERVICE_UNAVAILABLE);

    fixture.admin.health.set_started();
    assert_eq!(ask("/startupz"), StatusCode::OK);
    assert_eq!(ask("/readyz"), StatusCode::OK);

    fixture.admin.health.set_ready(false, "draining");
    let draining = fixture.get(Access::Public, "/readyz");
    assert_eq!(draining.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body(&draining), "draining\n");
    assert_eq!(ask("/livez"), StatusCode::OK);
}

#[test]
fn metrics_are_served() {
    let fixture = Fixture::new();
    let sessions = Counter::<u64>::default();
    fixture.admin.metrics.register(|registry| {
        registry.register("sessions", "Sessions begun", sessions.clone());
    });
    sessions.inc();
    let metrics = fixture.get(Access::Public, "/metrics");
    assert_eq!(kind(&metrics), metrics::CONTENT_TYPE);
    assert!(body(&metrics).contains("irsa_sessions_total 1\n"));
    assert!(body(&metrics).ends_with("# EOF\n"));
}

#[test]
fn status_and_quit_are_private() {
    let fixture = Fixture::new();
    for path in ["/", "/status", "/status.css", "/causes", "/quitquitquit"] {
        for method in ["GET", "POST"] {
            let refused = fixture.ask(Access::Public, method, path, &[]);
            assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    assert_eq!(fixture.quits(), 0);
}

#[test]
fn browsers_get_html_and_other_clients_json() {
    let fixture = Fixture::new();
    let ask = |target, accept| fixture.ask(Access::Private, "GET", target, &[("accept", accept)]);
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (target, accept, expected) in [
        ("/status", browser, "text/html; charset=utf-8"),
        ("/", browser, "text/html; charset=utf-8"),
        ("/status", "*/*", "application/json"),
        ("/status", "application/json", "application/json"),
        ("/status?format=json", browser, "application/json"),
        ("/status?x=1&format=html", "*/*", "text/html; charset=utf-8"),
    ] {
        assert_eq!(kind(&ask(target, accept)), expected, "{target} {accept}");
    }
    let parsed: Status = serde_json::from_slice(ask("/status", "*/*").body()).unwrap();
    assert_eq!(parsed, Fixed.status());
    let json: serde_json::Value = serde_json::from_slice(ask("/status", "*/*").body()).unwrap();
    assert_eq!(
        (&json["schema"], &json["overall"]),
        (&1.into(), &"ok".into())
    );
    assert!(json["first_broken"].is_null(), "{json}");
    assert_eq!(
        ask("/status?format=xml", "*/*").status(),
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn the_reload_interval_is_limited() {
    let fixture = Fixture::new();
    let page = |query: &str| {
        let target = format!("/status?format=html{query}");
        body(&fixture.get(Access::Private, &target)).to_owned()
    };
    for (query, seconds) in [
        ("&refresh=10", "10"),
        ("&refresh=0", "2"),
        ("&refresh=99999", "3600"),
    ] {
        let meta = format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">");
        assert!(page(query).contains(&meta), "{query}");
    }
    for query in ["", "&refresh=", "&refresh=-1", "&refresh=x"] {
        assert!(!page(query).contains("http-equiv"), "{query}");
    }
}

#[test]
fn every_hyperlink_of_the_page_works() {
    let fixture = Fixture::new();
    let page = fixture.get(Access::Private, "/status?format=html");
    let mut links = body(&page)
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    assert!(links.all(|link| {
        let path = link.split('#').next().unwrap();
        path.is_empty() || fixture.get(Access::Private, path).status() == StatusCode::OK
    }));
}

#[test]
fn only_a_post_stops_the_process() {
    let fixture = Fixture::new();
    for method in ["GET", "HEAD", "PUT", "OPTIONS"] {
        let refused = fixture.ask(Access::Private, method, "/quitquitquit", &[]);
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(refused.headers()[header::ALLOW], "POST");
    }
    assert_eq!(fixture.quits(), 0);

    let accepted = fixture.ask(Access::Private, "POST", "/quitquitquit", &[]);

    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    assert_eq!(fixture.quits(), 1);
}

#[test]
fn a_web_page_cannot_stop_the_process() {
    let fixture = Fixture::new();
    let origin = [("origin", "https://evil.example")];
    let refused = fixture.ask(Access::Private, "POST", "/quitquitquit", &origin);
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(fixture.quits(), 0);
}

#[test]
fn the_private_listener_accepts_only_loopback_names() {
    let fixture = Fixture::new();
    let host = [("host", "evil.example:9440")];
    for (method, path) in [
        ("GET", "/status"),
        ("POST", "/quitquitquit"),
        ("GET", "/livez"),
    ] {
        let refused = fixture.ask(Access::Private, method, path, &host);
        assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
    assert_eq!(fixture.quits(), 0);
    // The kubelet uses the pod's address for the public listener.
    let probe = fixture.ask(
        Access::Public,
        "GET",
        "/livez",
        &[("host", "10.1.2.3:9441")],
    );
    assert_eq!(probe.status(), StatusCode::OK);
}

#[test]
fn other_methods_are_rejected_with_the_allowed_ones() {
    let fixture = Fixture::new();
    for path in [
        "/livez",
        "/readyz",
        "/startupz",
        "/metrics",
        "/status",
        "/causes",
    ] {
        for method in ["POST", "DELETE", "OPTIONS"] {
            let refused = fixture.ask(Access::Private, method, path, &[]);
            assert_eq!(
                refused.status(),
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            assert_eq!(refused.headers()[header::ALLOW], "GET, HEAD");
        }
    }
}

#[test]
fn all_responses_forbid_scripts_frames_and_caching() {
    let fixture = Fixture::new();
    for path in ["/status?format=html", "/livez", "/nowhere"] {
        let response = fixture.get(Access::Private, path);
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }
}
