//! A running `irsa proxy`.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::http::{self, Answer};
use crate::secrets;
use crate::sql::Session;
use crate::stage::Stage;
use irsa_testing::program::{PATIENCE, code};

/// A listening proxy. When this value is dropped, it is killed, and its log is checked for secrets.
pub(crate) struct Proxy {
    child: Child,
    log: Log,
    announcement: Value,
    stage: Option<Arc<Stage>>,
}

/// The log of a proxy so far.
#[derive(Clone, Default)]
struct Log(Arc<(Mutex<Logged>, Condvar)>);

#[derive(Default)]
struct Logged {
    text: String,
    ended: bool,
}

// === impl Proxy ===

impl Proxy {
    /// Runs `irsa proxy` with additional arguments and waits until it listens.
    pub(crate) fn start(command: &mut Command, stage: Option<Arc<Stage>>) -> Self {
        let mut child = command
            .args(["--output", "json", "--log-level", "trace"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        log.follow(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_ne!(line, "", "it does not listen:\n{}", log.text());
        Self {
            child,
            log,
            announcement: serde_json::from_str(&line).unwrap(),
            stage,
        }
    }

    /// Returns the addresses in `/listening`, `/admin` or `/status` of its first line.
    pub(crate) fn addresses(&self, of: &str) -> Vec<String> {
        let list = self.announcement[of].as_array().unwrap().iter();
        let address = |value: &Value| {
            value
                .get("address")
                .unwrap_or(value)
                .as_str()
                .map(str::to_owned)
        };
        list.map(|value| address(value).unwrap()).collect()
    }

    /// Returns the only one of those addresses.
    pub(crate) fn address(&self, of: &str) -> String {
        let addresses = self.addresses(of);
        assert_eq!(addresses.len(), 1, "{addresses:?}");
        addresses[0].clone()
    }

    pub(crate) fn connect(
        &self,
        user: &str,
        database: &str,
    ) -> Result<Session, tokio_postgres::Error> {
        let stage = self.stage.as_ref().expect("a proxy in a pod");
        Session::open(stage, &self.address("listening"), user, database)
    }

    /// Sends a request to the status listener.
    pub(crate) fn get(&self, path: &str) -> Answer {
        http::call(&self.address("status"), "GET", path, &[])
    }

    /// Returns the state of a link from the status listener.
    pub(crate) fn link(&self, link: &str) -> Value {
        let status: Value = serde_json::from_str(&self.get("/status").body).unwrap();
        let links = status["links"].as_array().unwrap();
        links
            .iter()
            .find(|status| status["link"] == link)
            .unwrap()
            .clone()
    }

    /// Waits until `text` has been logged this number of times.
    pub(crate) fn logs(&self, text: &str, times: usize) {
        self.log.wait_for(text, times);
    }

    /// Returns the log so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Returns the records with this message so far.
    pub(crate) fn records(&self, message: &str) -> Vec<Value> {
        let text = self.log.text();
        let records = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let has_message = |record: &Value| record["message"] == message;
        records.filter(has_message).collect()
    }

    /// Makes it reload its settings.
    pub(crate) fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    /// Returns the peak of its memory in bytes (proc(5), `VmHWM`).
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kib.parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// Waits for it to end and returns the exit code.
    pub(crate) fn ended(mut self) -> i32 {
        self.log.wait_for_end();
        code(self.child.wait().unwrap())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            self.log.show();
            return;
        }
        self.log.wait_for_end();
        match &self.stage {
            Some(stage) => secrets::check_sessions(&self.log.text(), stage.lab().sessions()),
            None => irsa_testing::secrets::check(&self.log.text()),
        }
    }
}

// === impl Log ===

impl Log {
    fn follow(&self, stream: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                log.change(|logged| logged.text = format!("{}{}\n", logged.text, line.unwrap()));
            }
            log.change(|logged| logged.ended = true);
        })
    }

    fn change(&self, change: impl FnOnce(&mut Logged)) {
        let (logged, changed) = &*self.0;
        change(&mut logged.lock().unwrap());
        changed.notify_all();
    }

    fn wait_for(&self, text: &str, times: usize) {
        let found = self.wait(|logged| logged.text.matches(text).count() >= times);
        assert!(found, "`{text}` is not {times} times in\n{}", self.text());
    }

    fn wait_for_end(&self) {
        assert!(
            self.wait(|logged| logged.ended),
            "it still runs:\n{}",
            self.text()
        );
    }

    fn wait(&self, condition: impl Fn(&Logged) -> bool) -> bool {
        let (logged, changed) = &*self.0;
        let waited = changed.wait_timeout_while(logged.lock().unwrap(), PATIENCE, |logged| {
            !condition(logged) && !logged.ended
        });
        let (logged, _) = waited.unwrap();
        condition(&logged)
    }

    #[expect(clippy::print_stderr, reason = "the failed test's output shows it")]
    fn show(&self) {
        eprintln!("the proxy's log:\n{}", self.text());
    }

    fn text(&self) -> String {
        self.0.0.lock().unwrap().text.clone()
    }
}
