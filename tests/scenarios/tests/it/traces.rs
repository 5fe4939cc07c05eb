//! Traces in the OTLP receiver of the OpenTelemetry Collector.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use irsa_net::tls::LocalAuthority;
use serde_json::Value;
use tempfile::TempDir;

use crate::http::call;
use crate::pod::{Pod, USER};
use crate::sql::Session;
use crate::stage::shared;
use irsa_testing::program::{PATIENCE, finish, irsa_with_keys};
use irsa_testing::{prepared_client, secrets};

const ENDPOINT: &str = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A collector, which ends with this value.
struct Collector {
    child: Child,
    url: String,
    lines: Receiver<String>,
}

impl Collector {
    /// Starts the collector. If it is missing, prints why the test is skipped.
    fn start() -> Option<Self> {
        Self::start_with("http://127.0.0.1", &[])
    }

    /// Starts a collector that requires a client certificate of the same CA as its own.
    fn start_with_tls(files: &TlsFiles) -> Option<Self> {
        let paths = ["server.pem", "server.key", "ca.pem"].map(|name| files.path(name));
        Self::start_with("https://localhost", &paths)
    }

    fn start_with(url: &str, files: &[String]) -> Option<Self> {
        let folder = prepared_client("collector")?;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let address = address.unwrap();
        let mut child = Command::new(folder.join("collector"))
            .arg(address.to_string())
            .args(files)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        assert_eq!(lines.recv_timeout(PATIENCE).as_deref(), Ok("{}"));
        Some(Self {
            child,
            url: format!("{url}:{}", address.port()),
            lines,
        })
    }

    /// Waits until each of these names belongs to a span, and returns the resource's attributes and all spans.
    fn until(&self, names: &[&str]) -> (Value, Vec<Value>) {
        let deadline = Instant::now() + PATIENCE;
        let mut all: Vec<Value> = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("{names:?} are not all in {all:?}"));
            secrets::check(&line);
            let export: Value = serde_json::from_str(&line).unwrap();
            let export = &export["resourceSpans"][0];
            let spans = export["scopeSpans"][0]["spans"].as_array().unwrap();
            all.extend(spans.iter().cloned());
            let has = |name: &&str| all.iter().any(|span| span["name"] == **name);
            if names.iter().all(has) {
                return (export["resource"]["attributes"].clone(), all);
            }
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory with a CA, and with the certificates of a server and of a client.
struct TlsFiles(TempDir);

impl TlsFiles {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        let authority = LocalAuthority::generate().unwrap();
        let server = authority.issue_server(&["localhost"]).unwrap();
        let client = authority.issue_client("irsa").unwrap();
        for (name, text) in [
            ("ca.pem", authority.ca_pem()),
            ("server.pem", &server.certificate_pem),
            ("server.key", &server.key_pem),
            ("client.pem", &client.certificate_pem),
            ("client.key", &client.key_pem),
        ] {
            fs::write(files.path(name), text).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Returns the value of an attribute, as text.
fn attribute<'a>(attributes: &'a Value, key: &str) -> Option<&'a str> {
    let attributes = attributes.as_array()?.iter();
    let found = attributes.into_iter().find(|one| one["key"] == key)?;
    let value = &found["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str())
}

fn span_attribute<'a>(span: &'a Value, key: &str) -> Option<&'a str> {
    attribute(&span["attributes"], key)
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    let found = spans.iter().find(|span| span["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {spans:?}"))
}

#[test]
fn logins_requests_and_calls_to_sts_reach_the_collector() {
    let Some(collector) = Collector::start() else {
        return;
    };
    let stage = shared();
    let domain = format!("opensearch://{ENDPOINT}?dial=127.0.0.1:1&listen=127.0.0.1:0");
    let proxy = Pod::new(&stage)
        .with("IRSA_UPSTREAMS", format!("{} {domain}", stage.upstream()))
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=keycloak-0")
        .with("OTEL_BSP_SCHEDULE_DELAY", "50")
        .proxy(&[]);
    let addresses = proxy.addresses("listening");
    drop(Session::open(&stage, &addresses[0], USER, USER).unwrap());
    let traceparent = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01");
    let answer = call(&addresses[1], "GET", "/orders/_search", &[&traceparent]);
    assert_eq!(answer.status, 502);

    let sts = "STS/AssumeRoleWithWebIdentity";
    let steps = ["connect", "tls", "token", "authenticate"];
    let names = [&steps[..], &["login", sts, "GET"]].concat();
    let (resource, spans) = collector.until(&names);
    assert_eq!(attribute(&resource, "service.name"), Some("irsa"));
    assert_eq!(attribute(&resource, "k8s.pod.name"), Some("keycloak-0"));

    let login = named(&spans, "login");
    assert_eq!(span_attribute(login, "db.system.name"), Some("postgresql"));
    assert_eq!(span_attribute(login, "db.namespace"), Some(USER));
    assert_eq!(span_attribute(login, "error.type"), None);
    for step in steps {
        let step = named(&spans, step);
        assert_eq!(step["parentSpanId"], login["spanId"], "{step}");
        assert_eq!(step["traceId"], login["traceId"], "{step}");
    }
    let call = named(&spans, sts);
    assert_eq!(span_attribute(call, "rpc.system"), Some("aws-api"));
    assert_eq!(span_attribute(call, "error.type"), None);
    let is_attempt = |span: &&Value| span["name"] == "GET" && span["kind"] == 3;
    let attempt = spans.iter().find(is_attempt).unwrap();
    assert_eq!(attempt["traceId"], TRACE);
    assert_eq!(
        span_attribute(attempt, "error.type"),
        Some("endpoint-unreachable")
    );

    assert!(Session::open(&stage, &addresses[0], "stranger", USER).is_err());
    proxy.terminate();
    assert_eq!(proxy.ended(), 0);
    let (_, spans) = collector.until(&["login"]);
    let login = named(&spans, "login");
    assert_eq!(span_attribute(login, "irsa.link"), Some("grant"), "{login}");
    assert_eq!(login["status"]["code"], 2);
}

#[test]
fn an_https_collector_gets_spans_of_the_pod_identity_agent() {
    let files = TlsFiles::new();
    let Some(collector) = Collector::start_with_tls(&files) else {
        return;
    };
    let stage = shared();
    let proxy = Pod::for_workload(&stage, "keycloak-pod-identity")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .with("OTEL_EXPORTER_OTLP_CERTIFICATE", files.path("ca.pem"))
        .with(
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            files.path("client.pem"),
        )
        .with("OTEL_EXPORTER_OTLP_CLIENT_KEY", files.path("client.key"))
        .with("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
        .with("OTEL_BSP_SCHEDULE_DELAY", "50")
        .proxy(&[]);
    drop(proxy.connect(USER, USER).unwrap());
    let agent = "PodIdentity/credentials";
    let (_, spans) = collector.until(&[agent, "login"]);
    let call = named(&spans, agent);
    assert_eq!(span_attribute(call, "server.address"), Some("127.0.0.1"));
    assert_eq!(span_attribute(call, "error.type"), None);

    // The files are read again for each connection.
    let ca = fs::read(files.path("ca.pem")).unwrap();
    fs::copy(TlsFiles::new().path("ca.pem"), files.path("ca.pem")).unwrap();
    drop(proxy.connect(USER, USER).unwrap());
    proxy.logs("cannot export traces", 1);
    fs::write(files.path("ca.pem"), ca).unwrap();
    drop(proxy.connect(USER, USER).unwrap());
    collector.until(&["login"]);
}

#[test]
fn a_wrong_variable_is_a_mistake_at_the_start() {
    let upstream =
        "postgres://shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com?listen=127.0.0.1:0";
    let mut command = irsa_with_keys(&["proxy", upstream, "--status-address", "off"]);
    let wrong = finish(
        command
            .env("OTEL_TRACES_EXPORTER", "otlp")
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    );
    assert_eq!(wrong.code, 2);
    let expected = "OTEL_EXPORTER_OTLP_PROTOCOL: `grpc` is not supported";
    assert!(wrong.stderr.contains(expected), "{}", wrong.stderr);
}

#[test]
fn irsa_exec_leaves_the_variables_to_its_command() {
    let upstream = "postgres://shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";
    let mut command = irsa_with_keys(&[
        "exec",
        "--upstream",
        upstream,
        "--",
        "printenv",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ]);
    let ran = finish(
        command
            .env("OTEL_TRACES_EXPORTER", "otlp")
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    );
    assert_eq!((ran.code, ran.stdout.trim()), (0, "grpc"), "{}", ran.stderr);
}
