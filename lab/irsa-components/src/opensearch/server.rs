//! A running OpenSearch.

use std::io;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method};
use rustix::process::Signal;
use tokio::process::Child;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::command::command;
use super::configuration::Folders;
use super::ports::Ports;
use super::{OpenSearchBinaries, OpenSearchError, OpenSearchOptions, client, identity};
use crate::files::FileError;
use crate::guard::Guard;
use crate::{child, log_file};

/// Interval between readiness checks; the node logs each failed one.
const POLL: Duration = Duration::from_millis(100);
/// Time limit for a readiness check.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit for a stop, which takes less than a second.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Number of starts with different ports, because other processes may take a free one meanwhile.
const PORT_ATTEMPTS: usize = 3;
/// Responds with 200 once the security plugin has loaded its users; the port is open before that.
const READY: &str = "/_plugins/_security/authinfo";

/// A running OpenSearch. It is killed when this value is dropped; if this process is killed, a guard process kills it.
/// Its data is on disk, but not durable.
#[derive(Debug)]
pub struct OpenSearch {
    child: Child,
    _guard: Option<Guard>,
    client: Client,
    folders: Folders,
    ports: Ports,
}

/// The response to a request of the administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl OpenSearch {
    /// Starts a node and waits until it accepts its administrator.
    ///
    /// # Errors
    /// Its directory cannot be prepared, or the node ends or is not ready within `start_timeout`; the error has the end
    /// of its log.
    pub async fn start(
        binaries: &OpenSearchBinaries,
        options: OpenSearchOptions,
    ) -> Result<Self, OpenSearchError> {
        let folders = Folders::new(&options.folder)?;
        folders.prepare(binaries)?;
        let mut attempt = 1;
        loop {
            let ports =
                Ports::free().map_err(FileError::when("find a free port at", "127.0.0.1"))?;
            match Self::launch(binaries, &options, folders.clone(), ports).await {
                Err(OpenSearchError::Stopped { .. })
                    if attempt < PORT_ATTEMPTS && ports.are_taken() =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// The URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The port of its HTTP interface, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.ports.http
    }

    /// The file with the node's output.
    pub fn log_file(&self) -> &Path {
        &self.folders.log_file
    }

    /// The process ID; `None` after it has ended and was waited for.
    pub fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a request as the administrator ([`identity::admin`]); `body` is JSON or empty. Every status is a response.
    ///
    /// # Errors
    /// The node did not respond, or `method` is invalid.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<Answer, OpenSearchError> {
        let verb = Method::from_bytes(method.as_bytes())
            .map_err(|_| OpenSearchError::Method(method.to_owned()))?;
        let failed = |source| OpenSearchError::Call {
            method: method.to_owned(),
            path: path.to_owned(),
            source,
        };
        let mut request = self.client.request(verb, self.url() + path);
        for (name, value) in identity::admin() {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request
                .header("content-type", "application/json")
                .body(body.to_owned());
        }
        let response = request.send().await.map_err(failed)?;
        Ok(Answer {
            status: response.status().as_u16(),
            body: response.text().await.map_err(failed)?,
        })
    }

    /// Waits until the node ends by itself; returns its exit status and the last line of its log.
    pub async fn ended(&mut self) -> String {
        let ended = self.child.wait().await;
        let log = log_file::tail(&self.folders.log_file);
        let last = log.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.unwrap_or("its log is empty");
        match ended {
            Ok(status) => format!("{status}; log: {last}"),
            Err(error) => format!("{error}; log: {last}"),
        }
    }

    /// Sends SIGTERM and waits for the node to end.
    ///
    /// # Errors
    /// It did not end in time and was killed. A node that had already ended is not an error.
    pub async fn stop(mut self) -> Result<(), OpenSearchError> {
        if child::ends(&mut self.child, Signal::TERM, STOP_TIMEOUT).await {
            return Ok(());
        }
        Err(OpenSearchError::Killed {
            waited: STOP_TIMEOUT,
        })
    }

    async fn launch(
        binaries: &OpenSearchBinaries,
        options: &OpenSearchOptions,
        folders: Folders,
        ports: Ports,
    ) -> Result<Self, OpenSearchError> {
        let child = spawn(binaries, options, &folders, ports)?;
        let guard = Guard::start(child.id(), binaries.run_as(), "KILL");
        let mut node = Self {
            child,
            _guard: guard,
            client: client::for_node()?,
            folders,
            ports,
        };
        node.until_ready(options.start_timeout).await?;
        Ok(node)
    }

    async fn until_ready(&mut self, patience: Duration) -> Result<(), OpenSearchError> {
        let deadline = Instant::now() + patience;
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < deadline {
            tokio::select! {
                ended = self.child.wait() => return Err(self.stopped(ended)),
                _ = poll.tick() => {}
            }
            let answer = timeout(ANSWER_TIMEOUT, self.call("GET", READY, "")).await;
            if matches!(answer, Ok(Ok(Answer { status: 200, .. }))) {
                return Ok(());
            }
        }
        Err(OpenSearchError::NotReady {
            waited: patience,
            log: log_file::tail(&self.folders.log_file),
        })
    }

    fn stopped(&self, ended: io::Result<std::process::ExitStatus>) -> OpenSearchError {
        match ended {
            Ok(status) => OpenSearchError::Stopped {
                status,
                log: log_file::tail(&self.folders.log_file),
            },
            Err(source) => FileError::when("wait for", "java")(source).into(),
        }
    }
}

impl Drop for OpenSearch {
    /// Waits for the end, so that the directory can be removed.
    fn drop(&mut self) {
        child::end_at_drop(&mut self.child, Signal::KILL, STOP_TIMEOUT);
    }
}

fn spawn(
    binaries: &OpenSearchBinaries,
    options: &OpenSearchOptions,
    folders: &Folders,
    ports: Ports,
) -> Result<Child, OpenSearchError> {
    let log_file = &folders.log_file;
    let log = log_file::open(log_file).map_err(FileError::when("write", log_file))?;
    let errors = log
        .try_clone()
        .map_err(FileError::when("write", log_file))?;
    let mut command = command(binaries, options, folders, ports);
    command.stdout(log).stderr(errors).kill_on_drop(true);
    command.spawn().map_err(|source| OpenSearchError::Run {
        program: binaries.java().to_owned(),
        source,
    })
}
