//! A log whose reader stalls: sessions, health checks and the stop still work.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::http;
use crate::pod::{Pod, USER};
use crate::secrets;
use crate::sql::Session;
use crate::stage::{Stage, shared};
use irsa_testing::program::{PATIENCE, code};

const DOMAIN: &str = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
/// Number of concurrent requests that a guard rejects.
const BATCH: usize = 500;

/// A proxy whose log fills a pipe, and the guard that kills it if the test takes too long.
struct Stalled {
    child: Child,
    postgres: String,
    opensearch: String,
    status: String,
    ended: Sender<()>,
    watch: JoinHandle<()>,
}

impl Stalled {
    fn start(stage: &Arc<Stage>) -> Self {
        let domain = format!("opensearch://{DOMAIN}?dial=127.0.0.1:1&listen=127.0.0.1:0&read-only");
        let pod = Pod::new(stage).with("IRSA_UPSTREAMS", format!("{} {domain}", stage.upstream()));
        let mut command = pod.command(&["proxy", "--status-address", "127.0.0.1:0"]);
        command.args([
            "--output",
            "json",
            "--log-level",
            "trace",
            "--drain-timeout",
            "1s",
        ]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (ended, end) = channel();
        let pid = Pid::from_child(&child);
        let watch = thread::spawn(move || {
            if end.recv_timeout(3 * PATIENCE).is_err() {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Self {
            child,
            postgres: text(&told["listening"][0]["address"]),
            opensearch: text(&told["listening"][1]["address"]),
            status: text(&told["status"][0]),
            ended,
            watch,
        }
    }

    /// Lets the proxy log until it drops lines, while a session works and health checks run.
    fn fill(&self, stage: &Arc<Stage>) {
        let session = Session::open(stage, &self.postgres, USER, USER).unwrap();
        let deadline = Instant::now() + 2 * PATIENCE;
        while self.dropped() == 0 {
            assert!(Instant::now() < deadline, "nothing is dropped");
            self.log_much();
            assert_eq!(session.query("select 1").unwrap(), "1");
            assert_eq!(http::call(&self.status, "GET", "/livez", &[]).status, 200);
        }
        assert!(Session::open(stage, &self.postgres, "nobody", "nobody").is_err());
        assert_eq!(session.query("select 1").unwrap(), "1");
    }

    fn log_much(&self) {
        let mut stream = TcpStream::connect(&self.opensearch).unwrap();
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).unwrap();
        let mut writing = stream.try_clone().unwrap();
        let requests = "DELETE /orders HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(BATCH - 1)
            + "DELETE /orders HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let writer = thread::spawn(move || writing.write_all(requests.as_bytes()));
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(answers.matches("HTTP/1.1 403 ").count(), BATCH);
    }

    fn dropped(&self) -> u64 {
        let metrics = http::call(&self.status, "GET", "/metrics", &[]).body;
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix("irsa_log_lines_dropped_total "));
        count.unwrap().parse().unwrap()
    }

    fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Waits for it to end and returns the exit code.
    fn end(mut self) -> i32 {
        let status = self.child.wait().unwrap();
        let _ = self.ended.send(());
        self.watch.join().unwrap();
        code(status)
    }
}

#[test]
fn an_unread_log_blocks_nothing() {
    let stage = shared();
    let mut proxy = Stalled::start(&stage);
    let unread = proxy.child.stderr.take().unwrap();
    proxy.fill(&stage);
    proxy.terminate();
    assert_eq!(proxy.end(), 0);
    drop(unread);
}

#[test]
fn a_reader_that_returns_sees_the_dropped_lines_and_the_reason_of_the_stop() {
    let stage = shared();
    let mut proxy = Stalled::start(&stage);
    let mut stderr = proxy.child.stderr.take().unwrap();
    proxy.fill(&stage);
    let reading = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    proxy.terminate();
    assert_eq!(proxy.end(), 0);
    let log = reading.join().unwrap().unwrap();
    secrets::check_sessions(&log, stage.lab().sessions());
    let events = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let messages: Vec<String> = events
        .map(|event: Value| event["message"].as_str().unwrap_or_default().to_owned())
        .collect();
    let is_logged = |part: &str| messages.iter().any(|message| message.contains(part));
    assert!(is_logged("log lines were dropped"));
    assert!(is_logged("stopping"));
}
