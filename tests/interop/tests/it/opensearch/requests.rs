//! Thousands of generated requests: with botocore's signature and through the proxy, the lab's responses are equal.

use std::io::Write as _;
use std::process::{Command, Stdio};

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::http::request::Builder;
use interop::client::Client;
use interop::http::Connection;
use irsa_lab::clock::{LabClock as _, SystemClock, rfc3339};
use serde_json::{Value, json};

use super::stage::{Stage, stage};

/// The role of this workload may send every request, but the domain grants it nothing, so that generated requests cause
/// no damage.
const WORKLOAD: &str = "tasklist";
const COUNT: usize = 2_000;
/// The SHA-256 of the two bodies.
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const OF_AN_OBJECT: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

#[test]
fn the_proxy_and_botocore_get_the_same_answers() {
    let programs = [Client::SignRequests; 2].map(Client::unless_missing);
    let [Some(generator), Some(botocore)] = programs else {
        return;
    };
    let Some(stage) = stage() else { return };
    let requests = made_up(&stage, generator);
    let signed = filter(botocore, &requests);
    assert_eq!((requests.len(), signed.len()), (COUNT, COUNT));
    let proxy = stage.proxy(WORKLOAD);
    stage.runtime.block_on(async {
        let (domain, ca_file) = (stage.domain(), &stage.lab().facts().ca_file);
        let mut front = Connection::open_tls(&domain.dial, &domain.endpoint, ca_file)
            .await
            .unwrap();
        let mut proxy = Connection::open(&proxy.address().to_string())
            .await
            .unwrap();
        for (request, signed) in requests.iter().zip(&signed) {
            let expected = front.send(by_botocore(request, signed)).await.unwrap();
            let (path, body) = (&request["path_and_query"], expected.body());
            let body = String::from_utf8_lossy(body);
            assert!(!body.contains("signature"), "{path}: {body}");
            let answer = proxy.send(bare(request)).await.unwrap();
            assert_eq!(
                (answer.status(), answer.body()),
                (expected.status(), expected.body()),
                "{path}"
            );
        }
    });
}

/// Returns generated requests to the lab's domain, with the current time and one of two bodies.
fn made_up(stage: &Stage, mut generator: Command) -> Vec<Value> {
    let output = generator
        .args(["--vectors", &COUNT.to_string()])
        .output()
        .unwrap();
    let session = stage.session(WORKLOAD);
    let credentials = &session.credentials;
    let date = rfc3339(SystemClock.now()).replace([':', '-'], "");
    let lines = String::from_utf8(output.stdout).unwrap();
    let complete = |(number, line): (usize, &str)| {
        let mut request: Value = serde_json::from_str(line).unwrap();
        request["host"] = json!(stage.domain().endpoint);
        request["region"] = json!(stage.domain().region.as_str());
        request["service"] = json!("es");
        request["x_amz_date"] = json!(date);
        let hash = if number % 2 == 0 {
            OF_NOTHING
        } else {
            OF_AN_OBJECT
        };
        request["x_amz_content_sha256"] = json!(hash);
        request["access_key_id"] = json!(credentials.access_key_id);
        request["secret_access_key"] = json!(credentials.secret_access_key.expose());
        request["session_token"] = json!(credentials.session_token.expose());
        request
    };
    lines.lines().enumerate().map(complete).collect()
}

/// Returns the program's output for each line of its input.
fn filter(mut program: Command, lines: &[Value]) -> Vec<Value> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'a>(request: &'a Value, part: &str) -> &'a str {
    request[part].as_str().unwrap()
}

fn builder(request: &Value) -> Builder {
    let builder = Request::builder()
        .method(text(request, "method"))
        .uri(text(request, "path_and_query"));
    match request["content_type"].as_str() {
        Some(content_type) => builder.header("content-type", content_type.trim()),
        None => builder,
    }
}

fn body(request: &Value) -> Full<Bytes> {
    let is_empty = text(request, "x_amz_content_sha256") == OF_NOTHING;
    Full::new(Bytes::from_static(if is_empty { b"" } else { b"{}" }))
}

/// Returns the request as sent to the proxy.
fn bare(request: &Value) -> Request<Full<Bytes>> {
    let builder = builder(request).header("host", "localhost");
    builder.body(body(request)).unwrap()
}

/// Returns the request as sent to AWS.
fn by_botocore(request: &Value, signed: &Value) -> Request<Full<Bytes>> {
    let headers = [
        ("host", text(request, "host")),
        (
            "x-amz-content-sha256",
            text(request, "x_amz_content_sha256"),
        ),
        ("x-amz-date", text(request, "x_amz_date")),
        ("x-amz-security-token", text(request, "session_token")),
        ("authorization", text(signed, "authorization")),
    ];
    let builder = headers
        .into_iter()
        .fold(builder(request), |builder, (name, value)| {
            builder.header(name, value)
        });
    builder.body(body(request)).unwrap()
}
