//! The front over TLS, before a test server that records the requests it receives.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use irsa_chain::Cause;
use irsa_net::drain::{Drain, drain};
use irsa_net::listen::{ListenAddress, ListenOptions, Listener};
use irsa_net::tls::LocalAuthority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

use super::super::domain::serve;
use super::super::health::Health;
use super::client::{Protocol, connect, send, text};
use super::support::{
    StandingClock, Unsigned, ZEEBE, domain, now, session, world_with_domain, world_with_policy,
};
use crate::clock::http_date;
use crate::deps::FrontDeps;
use crate::faults::OpenSearchFault;
use crate::ledger::{Ledger, LedgerSnapshot, Outcome, Service};
use crate::sessions::Session;
use crate::world::World;

const DENIED: &str = r#"{"error":{"root_cause":[],"type":"security_exception","reason":"no permissions for [indices:data/read/search] and User [name=x]"},"status":403}"#;

/// A bulk with a refused and an accepted item.
pub(super) const BULK: &str = r#"{"took":1,"errors":true,"items":[{"index":{"_id":"1","status":201}},{"index":{"_id":"2","status":403,"error":{"type":"security_exception","reason":"no permissions for [x]"}}}]}"#;

pub(super) struct Stage {
    port: u16,
    deps: FrontDeps,
    pub(super) session: Arc<Session>,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
    _front: JoinSet<()>,
    backend: JoinSet<()>,
    _drain: Drain,
}

impl Stage {
    async fn new(world: Arc<World>) -> Self {
        let seen = Arc::<Mutex<Vec<Request<Bytes>>>>::default();
        let record = Arc::clone(&seen);
        let address = ListenAddress::Loopback { port: 0 };
        let listener = Listener::bind(&address, ListenOptions::default())
            .await
            .unwrap();
        let backend_port = listener.port().unwrap();
        let (drain, watch) = drain();
        let mut backend = JoinSet::new();
        let handler = move |request: Request<Bytes>, _| {
            let response = backend_answer(&request);
            record.lock().unwrap().push(request);
            async move { response }
        };
        backend.spawn(irsa_ops::http::serve(listener, None, handler, watch));
        let clock = Arc::new(StandingClock);
        let deps = FrontDeps {
            world: Arc::clone(&world),
            sessions: Arc::default(),
            ledger: Arc::new(Ledger::new(Arc::clone(&clock) as _)),
            faults: Arc::default(),
            clock,
            authority: Arc::new(LocalAuthority::generate().unwrap()),
            state_dir: "/unused".into(),
            cache_dir: "/unused".into(),
            postgres_bin: None,
            java_home: None,
            progress: Arc::new(|_| {}),
        };
        let (domain, health) = (domain(&world), Health::new("test-domain"));
        let (front, port) = serve(&deps, &domain, backend_port, &health).await.unwrap();
        Self {
            port,
            session: session(&deps.sessions, ZEEBE),
            deps,
            seen,
            _front: front,
            backend,
            _drain: drain,
        }
    }

    pub(super) async fn built_in() -> Self {
        Self::new(world_with_domain("")).await
    }

    pub(super) async fn send(&self, request: Request<String>) -> Response<hyper::body::Incoming> {
        let sent = send(self.port, &self.deps.authority, Protocol::Http1, request).await;
        sent.unwrap()
    }

    /// Signs the request as the Zeebe role and sends it.
    pub(super) async fn signed(&self, unsigned: &Unsigned) -> Response<hyper::body::Incoming> {
        self.send(unsigned.sign(&self.session)).await
    }

    pub(super) fn seen(&self) -> Vec<Request<Bytes>> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn ledger(&self) -> LedgerSnapshot {
        self.deps.ledger.snapshot()
    }
}

fn backend_answer(request: &Request<Bytes>) -> Response<Bytes> {
    let (status, body) = match request.uri().path() {
        "/denied" => (StatusCode::FORBIDDEN, DENIED),
        "/blocked" => (
            StatusCode::FORBIDDEN,
            r#"{"error":{"type":"cluster_block_exception","reason":"x"}}"#,
        ),
        "/packed" => return packed_answer(),
        "/mixed/_bulk" => (StatusCode::OK, BULK),
        "/missing" => (StatusCode::NOT_FOUND, "{}"),
        _ => (StatusCode::OK, "{\"took\":1}"),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert("x-opaque-id", "7".parse().unwrap());
    response
}

fn packed_answer() -> Response<Bytes> {
    let mut response = Response::new(packed_denial());
    *response.status_mut() = StatusCode::FORBIDDEN;
    let gzip = "gzip".parse().unwrap();
    response.headers_mut().insert("content-encoding", gzip);
    response
}

/// A denial as OpenSearch sends it to clients that accept gzip.
pub(super) fn packed_denial() -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(DENIED.as_bytes()).unwrap();
    encoder.finish().unwrap().into()
}

#[tokio::test]
async fn forwards_bytes_as_the_role_with_its_path() {
    let stage = Stage::built_in().await;
    let target = "/a%2Cb*,c/_doc/x%2F+y?routing=a%2Bb&q=%7B%7D";
    let body = "{\"index\":{}}\n{}\n";
    let mut unsigned = Unsigned::new(Method::DELETE, target, body);
    unsigned.beside = [
        ("content-encoding", "gzip"),
        ("x-proxy-user", "admin"),
        ("x-proxy-roles", "admin"),
        ("x-proxy-roles", "other"),
        ("x-forwarded-for", "203.0.113.7"),
        ("connection", "x-hop, keep-alive"),
        ("x-hop", "1"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    unsigned.canonical = Some((
        "/a%252Cb%2A%2Cc/_doc/x%252F%2By".to_owned(),
        "q=%7B%7D&routing=a%2Bb".to_owned(),
    ));
    let response = stage.signed(&unsigned).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-opaque-id"], "7");
    assert_eq!(response.headers()["date"], http_date(now()).as_str());
    assert!(response.headers().contains_key("x-amzn-requestid"));
    assert_eq!(text(response).await, "{\"took\":1}");

    let seen = stage.seen();
    let [passed] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!(passed.uri(), target);
    assert_eq!(passed.body(), body.as_bytes());
    let header = |name| {
        let all = passed.headers().get_all(name).iter();
        all.map(|value| value.to_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(header("content-encoding"), ["gzip"]);
    assert_eq!(header("x-proxy-user"), [ZEEBE]);
    assert_eq!(header("x-proxy-roles"), [ZEEBE]);
    assert_eq!(header("x-forwarded-for"), ["127.0.0.1"]);
    for name in [
        "authorization",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
    ] {
        assert_eq!(header(name), Vec::<&str>::new(), "{name}");
    }
}

#[tokio::test]
async fn speaks_http2_and_signatures_cover_its_authority() {
    let stage = Stage::built_in().await;
    let request = Unsigned::new(Method::POST, "/_bulk", "{}\n").sign(&stage.session);
    let response = send(stage.port, &stage.deps.authority, Protocol::Http2, request).await;
    let response = response.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.status(), 200);
    assert_eq!(stage.seen()[0].body(), "{}\n");
}

#[tokio::test]
async fn answers_head_with_the_length_but_no_body() {
    let stage = Stage::built_in().await;
    let response = stage
        .signed(&Unsigned::new(Method::HEAD, "/index", ""))
        .await;
    assert_eq!(response.headers()["content-length"], "10");
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn counts_served_requests_and_records_refusals() {
    let stage = Stage::built_in().await;
    assert_eq!(stage.signed(&Unsigned::get("/missing")).await.status(), 404);
    assert_eq!(stage.signed(&Unsigned::get("/blocked")).await.status(), 403);
    let response = stage.send(Unsigned::get("/").plain()).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let unsigned = r#"{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet because no resource-based policy allows the es:ESHttpGet action"}"#;
    assert_eq!(
        (response.status().as_u16(), text(response).await.as_str()),
        (403, unsigned)
    );
    let ledger = stage.ledger();
    let count = |outcome| ledger.count(Service::OpenSearch, "es:ESHttpGet", outcome);
    assert_eq!((count(Outcome::Served), count(Outcome::Refused)), (2, 1));
    let refusal = ledger.last_refusal().unwrap();
    assert_eq!(
        (refusal.cause, refusal.code.as_str()),
        (Cause::RequestUnsigned, "403")
    );
    assert_eq!(stage.seen().len(), 2);
}

#[tokio::test]
async fn a_refusal_by_the_security_plugin_is_forwarded_and_recorded() {
    let stage = Stage::built_in().await;
    let response = stage.signed(&Unsigned::get("/denied")).await;
    assert_eq!(
        (response.status().as_u16(), text(response).await.as_str()),
        (403, DENIED)
    );
    let ledger = stage.ledger();
    let refusal = ledger.last_refusal().unwrap();
    assert_eq!(refusal.cause, Cause::FgacNotGranted);
    assert_eq!(
        refusal.message,
        "no permissions for [indices:data/read/search] and User [name=x]"
    );
}

#[tokio::test]
async fn without_fine_grained_access_control_all_callers_are_one_user() {
    let text = include_str!("../../../../../crates/irsa-world/src/camunda-8.3.yaml");
    let (start, rest) = text.split_once("    master_role:").unwrap();
    let (_, end) = rest.split_once("\nworkloads:").unwrap();
    let open = [start, "    fine_grained: false\nworkloads:", end].concat();
    let stage = Stage::new(Arc::new(World::from_yaml(&open).unwrap())).await;
    assert_eq!(stage.signed(&Unsigned::get("/")).await.status(), 200);
    assert_eq!(stage.seen()[0].headers()["x-proxy-user"], "everybody");
    assert_eq!(stage.seen()[0].headers()["x-proxy-roles"], "everybody");
}

#[tokio::test]
async fn the_security_plugin_decides_about_anonymous_callers() {
    let allow = r#"{"Effect": "Allow", "Principal": "*", "Action": "es:*", "Resource": "*"}"#;
    let stage = Stage::new(world_with_policy(allow)).await;
    let mut request = Unsigned::get("/").plain();
    request
        .headers_mut()
        .insert("x-proxy-user", "admin".parse().unwrap());
    assert_eq!(stage.send(request).await.status(), 200);
    let seen = stage.seen();
    for name in ["x-proxy-user", "x-proxy-roles", "x-forwarded-for"] {
        assert!(!seen[0].headers().contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn rejects_a_body_over_the_limit_before_anything_else() {
    let stage = Stage::new(world_with_domain("    max_request_bytes: 10485760\n")).await;
    let limit = Unsigned::new(Method::POST, "/_bulk", &"x".repeat(10_485_760));
    let backend_limit = "the test server accepts a mebibyte";
    assert_eq!(stage.signed(&limit).await.status(), 413, "{backend_limit}");
    assert!(stage.ledger().refusals.is_empty(), "{backend_limit}");

    let more = Unsigned::new(Method::POST, "/_bulk", &"x".repeat(10_485_761));
    let response = stage.send(more.plain()).await;
    assert_eq!(response.status(), 413);
    let expected = r#"{"Message":"Request size exceeded 10485760 bytes"}"#;
    assert_eq!(text(response).await, expected);
    assert_eq!(
        stage.ledger().last_refusal().unwrap().cause,
        Cause::RequestTooLarge
    );
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_sends_no_body_over_the_limit() {
    let stage = Stage::new(world_with_domain("    max_request_bytes: 1024\n")).await;
    let mut stream = connect(stage.port, &stage.deps.authority, Protocol::Http1).await;
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1025\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[tokio::test]
async fn faults_apply_when_they_are_switched_on() {
    let stage = Stage::built_in().await;
    stage.deps.faults.change(|plan| {
        plan.opensearch = OpenSearchFault {
            throttle: 1,
            unavailable: 1,
            ..OpenSearchFault::default()
        };
    });
    let response = stage.signed(&Unsigned::get("/a/_search")).await;
    assert_eq!(response.status(), 503);
    let response = stage.signed(&Unsigned::get("/a/_search")).await;
    assert_eq!(
        (response.status().as_u16(), text(response).await.as_str()),
        (429, "429 Too Many Requests /a/_search")
    );
    assert_eq!(
        stage.signed(&Unsigned::get("/a/_search")).await.status(),
        200
    );
    let count = stage
        .ledger()
        .count(Service::OpenSearch, "es:ESHttpGet", Outcome::Fault);
    assert_eq!(count, 2);
}

#[tokio::test]
async fn cuts_a_connection_before_or_in_the_middle_of_a_response() {
    let stage = Stage::built_in().await;
    let request = || Unsigned::get("/").sign(&stage.session);
    stage.deps.faults.change(|plan| plan.opensearch.cut = 1);
    let authority = &stage.deps.authority;
    let cut = send(stage.port, authority, Protocol::Http1, request()).await;
    assert!(cut.is_err());

    stage
        .deps
        .faults
        .change(|plan| plan.opensearch.cut_answers = 1);
    let response = stage.send(request()).await;
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "{\"too");
    assert!(body.frame().await.unwrap().is_err());

    assert_eq!(text(stage.send(request()).await).await, "{\"took\":1}");
}

#[tokio::test]
async fn a_server_that_has_ended_gives_503_and_no_refusal() {
    let mut stage = Stage::built_in().await;
    stage.backend.shutdown().await;
    assert_eq!(stage.signed(&Unsigned::get("/")).await.status(), 503);
    assert!(stage.ledger().refusals.is_empty());
}
