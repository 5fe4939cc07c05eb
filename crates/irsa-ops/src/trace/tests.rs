//! Spans from their start to a collector.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;

/// A collector that follows a script of statuses, and records the requests.
struct Collector {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    statuses: Vec<u16>,
    requests: AtomicUsize,
    received: Mutex<Vec<(HeaderMap, Value)>>,
}

impl Collector {
    /// Starts a collector that responds with these statuses, and then with 200.
    async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            statuses: statuses.to_owned(),
            requests: AtomicUsize::new(0),
            received: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                let service = service_fn(move |request| respond(Arc::clone(&shared), request));
                let server = hyper::server::conn::http1::Builder::new();
                tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, shared }
    }

    fn spans(&self) -> Vec<Value> {
        let received = self.shared.received.lock().unwrap();
        let spans = received.iter().flat_map(|(_, body)| {
            let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
            spans.as_array().unwrap().clone()
        });
        spans.collect()
    }

    fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let number = shared.requests.fetch_add(1, Ordering::Relaxed);
    let (parts, body) = request.into_parts();
    assert_eq!(parts.uri.path(), "/v1/traces");
    let body = body.collect().await.unwrap().to_bytes();
    let status = shared.statuses.get(number).copied().unwrap_or(200);
    if status == 200 {
        let body = if parts.headers.contains_key("content-encoding") {
            serde_json::from_reader(GzDecoder::new(&*body)).unwrap()
        } else {
            serde_json::from_slice(&body).unwrap()
        };
        shared.received.lock().unwrap().push((parts.headers, body));
    }
    let mut response = Response::new(Full::new(Bytes::from("{}")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

fn tls() -> Arc<ClientConfig> {
    client_config(&Roots::public(), &[]).unwrap()
}

fn settings(address: SocketAddr, more: &[(&str, &str)]) -> TraceSettings {
    let endpoint = format!("http://{address}");
    let get = |name: &str| {
        let mut found = more.iter().filter(|(known, _)| *known == name);
        let value = found.next().map(|(_, value)| (*value).to_owned());
        value.or_else(|| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| endpoint.clone()))
    };
    TraceSettings::from_variables(&get, "1.2.3")
        .unwrap()
        .unwrap()
}

/// Runs the exporter until `work` has ended and its spans are exported, and returns the metrics.
async fn exported(settings: TraceSettings, work: impl FnOnce(Tracer)) -> String {
    let mut registry = Registry::default();
    let metrics = TraceMetrics::register(&mut registry);
    let (tracer, exporter) = Tracer::new(settings, metrics, now, tls());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(exporter.run(async {
        let _ = stopped.await;
    }));
    work(tracer);
    drop(stop);
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

#[tokio::test]
async fn a_request_and_its_attempt_reach_the_collector() {
    let collector = Collector::start(&[]).await;
    let headers = [("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hush")];
    let metrics = exported(settings(collector.address, &headers), |tracer| {
        let mut received = HeaderMap::new();
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        received.insert("traceparent", HeaderValue::from_static(parent));
        received.insert("tracestate", HeaderValue::from_static("vendor=1"));
        let parent = TraceContext::from_headers(&received);
        let mut server = tracer
            .start("GET", SpanKind::Server, parent.as_ref())
            .unwrap();
        server.set("http.response.status_code", 200_u16);
        let mut client = server.child("GET", SpanKind::Client);
        client.set("server.address", "search.example".to_owned());
        client.fail("endpoint-timeout");
        client.end();
        server.end();
    });
    let metrics = metrics.await;
    assert!(
        metrics.contains("trace_spans_exported_total 2"),
        "{metrics}"
    );

    let received = collector.shared.received.lock().unwrap().pop().unwrap();
    assert_eq!(received.0["content-type"], "application/json");
    assert_eq!(received.0["api-key"], "hush");
    let resource = &received.1["resourceSpans"][0]["resource"]["attributes"];
    assert_eq!(resource[0]["key"], "service.name");
    assert_eq!(resource[0]["value"]["stringValue"], "irsa");

    let spans = &received.1["resourceSpans"][0]["scopeSpans"][0]["spans"];
    let (client, server) = (&spans[0], &spans[1]);
    for span in [client, server] {
        assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span["traceState"], "vendor=1");
        assert_eq!(span["startTimeUnixNano"], "1800000000000000000");
    }
    assert_eq!((&server["kind"], &client["kind"]), (&2.into(), &3.into()));
    assert_eq!(server["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(
        (&server["flags"], &client["flags"]),
        (&0x301.into(), &0x101.into())
    );
    assert_eq!(client["parentSpanId"], server["spanId"]);
    assert_eq!(server["attributes"][0]["value"]["intValue"], "200");
    assert_eq!(
        (&client["status"]["code"], &server["status"]["code"]),
        (&2.into(), &Value::Null)
    );
}

#[tokio::test]
async fn an_export_is_compressed_on_demand() {
    let collector = Collector::start(&[]).await;
    let length = |compression: &'static str| {
        let variables = [("OTEL_EXPORTER_OTLP_COMPRESSION", compression)];
        let settings = settings(collector.address, &variables);
        let metrics = exported(settings, |tracer| {
            for _ in 0..100 {
                tracer.start("a", SpanKind::Internal, None).unwrap().end();
            }
        });
        let collector = &collector;
        async move {
            assert!(metrics.await.contains("trace_spans_exported_total 100"));
            let (headers, _) = collector.shared.received.lock().unwrap().pop().unwrap();
            let length = headers["content-length"].to_str().unwrap();
            length.parse::<usize>().unwrap()
        }
    };
    let (plain, compressed) = (length("none").await, length("gzip").await);
    assert!(compressed < plain / 2, "{compressed} of {plain} bytes");
}

#[tokio::test]
async fn a_full_queue_drops_and_counts() {
    let collector = Collector::start(&[]).await;
    let small = [("OTEL_BSP_MAX_QUEUE_SIZE", "10")];
    let metrics = exported(settings(collector.address, &small), |tracer| {
        for _ in 0..13 {
            tracer.start("a", SpanKind::Internal, None).unwrap().end();
        }
    });
    let metrics = metrics.await;
    assert_eq!(collector.spans().len(), 10);
    let dropped = "trace_spans_dropped_total{reason=\"queue_full\"} 3\n";
    assert!(metrics.contains(dropped), "{metrics}");
}

#[tokio::test]
async fn a_busy_collector_is_asked_again_and_a_rejection_is_final() {
    let one = |tracer: Tracer| tracer.start("a", SpanKind::Internal, None).unwrap().end();
    let busy = Collector::start(&[503]).await;
    let metrics = exported(settings(busy.address, &[]), one).await;
    assert_eq!((busy.requests(), busy.spans().len()), (2, 1));
    assert!(
        metrics.contains("trace_spans_exported_total 1"),
        "{metrics}"
    );

    let refusing = Collector::start(&[400]).await;
    let metrics = exported(settings(refusing.address, &[]), one).await;
    assert_eq!((refusing.requests(), refusing.spans().len()), (1, 0));
    let dropped = "trace_spans_dropped_total{reason=\"rejected\"} 1\n";
    assert!(metrics.contains(dropped), "{metrics}");
}

#[tokio::test]
async fn an_unreachable_collector_loses_spans_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let short = [("OTEL_EXPORTER_OTLP_TIMEOUT", "200")];
    let metrics = exported(settings(address, &short), |tracer| {
        tracer.start("a", SpanKind::Internal, None).unwrap().end();
    });
    let dropped = "trace_spans_dropped_total{reason=\"unavailable\"} 1\n";
    let metrics = metrics.await;
    assert!(metrics.contains(dropped), "{metrics}");
}

#[tokio::test]
async fn a_collector_with_an_untrusted_certificate_gets_nothing() {
    let authority = LocalAuthority::generate().unwrap();
    let server = authority.server_config(&["localhost"], &[]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let acceptor = irsa_net::tokio_rustls::TlsAcceptor::from(server);
        while let Ok((stream, _)) = listener.accept().await {
            assert!(
                acceptor.accept(stream).await.is_err(),
                "the client must not trust it"
            );
        }
    });
    let url = format!("https://localhost:{port}");
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "200"),
    ];
    let settings = settings(([127, 0, 0, 1], port).into(), &variables);
    let metrics = exported(settings, |tracer| {
        tracer.start("a", SpanKind::Internal, None).unwrap().end();
    });
    let metrics = metrics.await;
    assert!(
        metrics.contains("{reason=\"unavailable\"} 1\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_canceled_operation_and_a_long_text_are_recorded() {
    let collector = Collector::start(&[]).await;
    exported(settings(collector.address, &[]), |tracer| {
        let mut span = tracer.start("a", SpanKind::Internal, None).unwrap();
        span.set("db.namespace", "é".repeat(200));
        span.set("irsa.link", "grant");
        span.set("irsa.link", "endpoint");
    })
    .await;
    let [span] = collector.spans().try_into().unwrap();
    let attributes = span["attributes"].as_array().unwrap();
    let text = |index: usize| attributes[index]["value"]["stringValue"].as_str().unwrap();
    assert_eq!(text(0), "é".repeat(128));
    assert_eq!((text(1), text(2)), ("endpoint", "canceled"));
    assert_eq!(attributes.len(), 3);
    assert_eq!(span["status"]["code"], 2);
}

#[tokio::test]
async fn a_step_without_a_trace_only_runs() {
    let outcome: Result<u8, u8> = step(None, "a", |_| "b".into(), async { Ok(1) }).await;
    assert_eq!(outcome, Ok(1));
}
