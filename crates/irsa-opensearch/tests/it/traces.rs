//! The trace of a request: it continues the client's, and the domain's spans become children of the attempts.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Response;
use irsa_net::drain::drain;
use irsa_net::listen::{ListenAddress, ListenOptions, Listener};
use irsa_net::tls::{Roots, client_config};
use irsa_ops::trace::{TraceMetrics, TraceSettings, Tracer};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::within;
use crate::domain::{Domain, Seen, Step};
use crate::proxy::{NOW, Proxy, SECRET_KEY, SESSION_TOKEN, Setup};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT_SPAN: &str = "00f067aa0ba902b7";

/// A tracer whose spans can be collected.
struct Tracing {
    tracer: Tracer,
    spans: Arc<Mutex<Vec<Value>>>,
    stop: oneshot::Sender<()>,
    exporting: JoinHandle<()>,
}

impl Tracing {
    async fn start(variables: &'static [(&'static str, &'static str)]) -> Self {
        let spans = Arc::default();
        let endpoint = collector(Arc::clone(&spans)).await;
        let get = move |name: &str| {
            if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
                return Some(endpoint.clone());
            }
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let settings = TraceSettings::from_variables(&get, "1.2.3")
            .unwrap()
            .unwrap();
        let tls = client_config(&Roots::public(), &[]).unwrap();
        let (tracer, exporter) = Tracer::new(settings, TraceMetrics::default(), now, tls);
        let (stop, stopped) = oneshot::channel::<()>();
        let exporting = tokio::spawn(exporter.run(async {
            let _ = stopped.await;
        }));
        Self {
            tracer,
            spans,
            stop,
            exporting,
        }
    }

    /// Starts a proxy with this tracer.
    async fn proxy(&self, domain: &Domain) -> Proxy {
        let mut setup = Setup::for_address(domain.address, &domain.authority);
        setup.tracer = Some(self.tracer.clone());
        setup.start().await
    }

    /// Returns all spans, after the proxy has ended.
    async fn spans(self) -> Vec<Value> {
        drop(self.stop);
        within("the export", self.exporting).await.unwrap();
        let mut spans = self.spans.lock().unwrap();
        std::mem::take(&mut spans)
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

/// Starts a collector, and returns its URL.
async fn collector(spans: Arc<Mutex<Vec<Value>>>) -> String {
    let address = ListenAddress::Tcp(([127, 0, 0, 1], 0).into());
    let listener = Listener::bind(&address, ListenOptions::default());
    let listener = listener.await.unwrap();
    let url = format!("http://127.0.0.1:{}", listener.port().unwrap());
    let answer = move |request: http::Request<Bytes>, _| {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let received = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        let received = received.as_array().unwrap().iter().cloned();
        spans.lock().unwrap().extend(received);
        ready(Response::new(Bytes::from("{}")))
    };
    tokio::spawn(async move {
        let (_drain, draining) = drain();
        irsa_ops::http::serve(listener, None, answer, draining).await;
    });
    url
}

/// Sends a request with these headers, and returns its status.
async fn ask(proxy: &Proxy, headers: &str) -> u16 {
    let request = format!("GET /orders/_doc/7 HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    proxy.ask(request).await.status()
}

fn traceparent(seen: &Seen) -> Option<&str> {
    seen.header("traceparent")
}

/// Returns the value of an attribute, as text.
fn attribute<'a>(span: &'a Value, key: &str) -> Option<&'a str> {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes
        .iter()
        .find(|attribute| attribute["key"] == key)?;
    let value = &found["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str())
}

fn from_client(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{CLIENT_SPAN}-{flags}\r\ntracestate: vendor=1\r\n")
}

#[tokio::test]
async fn each_attempt_is_a_child_of_the_clients_span() {
    let script = |number| match number {
        0 => Step::json(503, "{}"),
        _ => Step::ok("{}"),
    };
    let domain = Domain::answering(script).await;
    let tracing = Tracing::start(&[]).await;
    let proxy = tracing.proxy(&domain).await;
    assert_eq!(ask(&proxy, &from_client("01")).await, 200);
    proxy.end().await;
    let spans = tracing.spans().await;
    let [first, second, request] = <[Value; 3]>::try_from(spans).unwrap();

    assert_eq!(request["parentSpanId"], CLIENT_SPAN);
    assert_eq!(
        attribute(&request, "http.response.status_code"),
        Some("200")
    );
    assert_eq!(attribute(&request, "irsa.route"), Some("_doc"));
    for (attempt, seen) in [&first, &second].into_iter().zip(domain.seen()) {
        assert_eq!(attempt["traceId"], TRACE);
        assert_eq!(attempt["parentSpanId"], request["spanId"]);
        let span = attempt["spanId"].as_str().unwrap();
        let expected = format!("00-{TRACE}-{span}-01");
        assert_eq!(traceparent(&seen), Some(expected.as_str()));
        assert_eq!(seen.header("tracestate"), Some("vendor=1"));
    }
    assert_eq!(attribute(&first, "error.type"), Some("503"));
    assert_eq!(attribute(&first, "http.request.resend_count"), None);
    assert_eq!(attribute(&second, "http.request.resend_count"), Some("1"));
    assert_eq!(attribute(&second, "error.type"), None);
    let text = format!("{request}{first}{second}");
    for private in ["/orders", SECRET_KEY, SESSION_TOKEN, "Signature"] {
        assert!(!text.contains(private), "{text}");
    }
}

#[tokio::test]
async fn a_request_without_a_trace_begins_one() {
    let domain = Domain::start().await;
    let tracing = Tracing::start(&[]).await;
    let proxy = tracing.proxy(&domain).await;
    assert_eq!(ask(&proxy, "tracestate: of-no-trace=1\r\n").await, 200);
    proxy.end().await;
    let [attempt, request] = <[Value; 2]>::try_from(tracing.spans().await).unwrap();
    assert_eq!(request["parentSpanId"], Value::Null);
    assert_eq!(request["traceId"], attempt["traceId"]);
    let seen = domain.only();
    let trace = attempt["traceId"].as_str().unwrap();
    assert!(traceparent(&seen).unwrap().contains(trace));
    assert_eq!(seen.header("tracestate"), None);
}

#[tokio::test]
async fn headers_pass_unchanged_if_nothing_is_recorded() {
    let domain = Domain::start().await;
    let off = Proxy::for_domain(&domain).await;
    let tracing = Tracing::start(&[("OTEL_TRACES_SAMPLER", "parentbased_always_on")]).await;
    let proxy = tracing.proxy(&domain).await;
    assert_eq!(ask(&off, &from_client("01")).await, 200);
    assert_eq!(ask(&proxy, &from_client("00")).await, 200);
    off.end().await;
    proxy.end().await;
    assert!(tracing.spans().await.is_empty());
    for (seen, flags) in domain.seen().iter().zip(["01", "00"]) {
        let expected = format!("00-{TRACE}-{CLIENT_SPAN}-{flags}");
        assert_eq!(traceparent(seen), Some(expected.as_str()));
        assert_eq!(seen.header("tracestate"), Some("vendor=1"));
    }
}

#[tokio::test]
async fn a_rejection_by_irsa_names_its_cause() {
    let domain = Domain::answering(|_| Step::Close).await;
    let tracing = Tracing::start(&[]).await;
    let proxy = tracing.proxy(&domain).await;
    assert_eq!(ask(&proxy, "").await, 502);
    proxy.end().await;
    let spans = tracing.spans().await;
    let request = spans.last().unwrap();
    assert_eq!(attribute(request, "irsa.link"), Some("endpoint"));
    assert_eq!(attribute(request, "irsa.cause"), Some("endpoint-failed"));
    assert_eq!(attribute(request, "error.type"), Some("502"));
    assert_eq!(request["status"]["code"], 2);
    assert!(spans.len() > 1, "{spans:?}");
}
