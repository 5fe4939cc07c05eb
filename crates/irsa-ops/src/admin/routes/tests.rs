//! The routes, without a socket.

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
        audience: Audience,
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
        self.admin.respond(audience, &request, LOCAL)
    }

    fn get(&self, audience: Audience, target: &str) -> Response<Bytes> {
        self.ask(audience, "GET", target, &[])
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
fn tells_the_kubelet_how_it_is() {
    let fixture = Fixture::new();
    let ask = |path| fixture.get(Audience::Public, path).status();
    assert_eq!(ask("/livez"), StatusCode::OK);
    assert_eq!(ask("/startupz"), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask("/readyz"), StatusCode::SERVICE_UNAVAILABLE);

    fixture.admin.health.set_started();
    assert_eq!(ask("/startupz"), StatusCode::OK);
    assert_eq!(ask("/readyz"), StatusCode::OK);

    fixture.admin.health.set_ready(false, "draining");
    let draining = fixture.get(Audience::Public, "/readyz");
    assert_eq!(draining.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body(&draining), "draining\n");
    assert_eq!(ask("/livez"), StatusCode::OK);
}

#[test]
fn gives_prometheus_its_metrics() {
    let fixture = Fixture::new();
    let sessions = Counter::<u64>::default();
    fixture.admin.metrics.register(|registry| {
        registry.register("sessions", "Sessions begun", sessions.clone());
    });
    sessions.inc();
    let metrics = fixture.get(Audience::Public, "/metrics");
    assert_eq!(kind(&metrics), metrics::CONTENT_TYPE);
    assert!(body(&metrics).contains("irsa_sessions_total 1\n"));
    assert!(body(&metrics).ends_with("# EOF\n"));
}

#[test]
fn keeps_status_and_quit_from_the_public() {
    let fixture = Fixture::new();
    for path in ["/", "/status", "/status.css", "/causes", "/quitquitquit"] {
        for method in ["GET", "POST"] {
            let refused = fixture.ask(Audience::Public, method, path, &[]);
            assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    assert_eq!(fixture.quits(), 0);
}

#[test]
fn shows_a_page_to_browsers_and_json_to_others() {
    let fixture = Fixture::new();
    let ask = |target, accept| fixture.ask(Audience::Private, "GET", target, &[("accept", accept)]);
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
fn the_page_loads_itself_again_only_as_often_as_is_asked_and_sensible() {
    let fixture = Fixture::new();
    let page = |query: &str| {
        let target = format!("/status?format=html{query}");
        body(&fixture.get(Audience::Private, &target)).to_owned()
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
fn every_link_of_the_page_leads_somewhere() {
    let fixture = Fixture::new();
    let page = fixture.get(Audience::Private, "/status?format=html");
    let mut links = body(&page)
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    assert!(links.all(|link| {
        let path = link.split('#').next().unwrap();
        path.is_empty() || fixture.get(Audience::Private, path).status() == StatusCode::OK
    }));
}

#[test]
fn ends_the_process_only_for_a_post() {
    let fixture = Fixture::new();
    for method in ["GET", "HEAD", "PUT", "OPTIONS"] {
        let refused = fixture.ask(Audience::Private, method, "/quitquitquit", &[]);
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(refused.headers()[header::ALLOW], "POST");
    }
    assert_eq!(fixture.quits(), 0);

    let accepted = fixture.ask(Audience::Private, "POST", "/quitquitquit", &[]);

    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    assert_eq!(fixture.quits(), 1);
}

#[test]
fn refuses_a_web_page_that_posts() {
    let fixture = Fixture::new();
    let origin = [("origin", "https://evil.example")];
    let refused = fixture.ask(Audience::Private, "POST", "/quitquitquit", &origin);
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(fixture.quits(), 0);
}

#[test]
fn answers_on_the_private_listener_to_loopback_names_only() {
    let fixture = Fixture::new();
    let host = [("host", "evil.example:9440")];
    for (method, path) in [
        ("GET", "/status"),
        ("POST", "/quitquitquit"),
        ("GET", "/livez"),
    ] {
        let refused = fixture.ask(Audience::Private, method, path, &host);
        assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
    assert_eq!(fixture.quits(), 0);
    // The kubelet calls the public one by the pod's address.
    let probe = fixture.ask(
        Audience::Public,
        "GET",
        "/livez",
        &[("host", "10.1.2.3:9441")],
    );
    assert_eq!(probe.status(), StatusCode::OK);
}

#[test]
fn refuses_other_methods_and_says_which_it_takes() {
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
            let refused = fixture.ask(Audience::Private, method, path, &[]);
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
fn forbids_scripts_frames_and_caches_everywhere() {
    let fixture = Fixture::new();
    for path in ["/status?format=html", "/livez", "/nowhere"] {
        let response = fixture.get(Audience::Private, path);
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }
}
