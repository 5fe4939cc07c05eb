//! The real `irsa proxy`, run as in a pod.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use irsa_components::guard::Guard;
use irsa_testing::program::path;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::Error;
use crate::opensearch::OpenSearchTarget;
use crate::target::{SslMode, Target};

/// Time limit for the start, which takes milliseconds.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The port in the name of the Unix socket.
const SOCKET_PORT: u16 = 5432;

/// A running proxy with one upstream, on a free port and a Unix socket. It ends when this value is dropped or this
/// process is killed.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    _guard: Option<Guard>,
    folder: TempDir,
    address: SocketAddr,
    socket: PathBuf,
}

impl Proxy {
    /// Starts a proxy for `upstream` (`postgres://HOST:PORT?dial=..`) in exactly this environment. It listens on a free
    /// port, unless `upstream` sets one with `listen`.
    ///
    /// # Errors
    /// The proxy ended or does not listen; the error has its log.
    pub fn start<'a>(
        upstream: &str,
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Error> {
        let folder = TempDir::new()?;
        let log = File::create(folder.path().join("log"))?;
        let mut command = Command::new(path("irsa"));
        command
            .args([
                "proxy",
                "--output",
                "json",
                "--status-address",
                "off",
                "--tls-ca-out",
            ])
            .arg(folder.path().join("ca.pem"));
        let separator = if upstream.contains('?') { '&' } else { '?' };
        let socket = folder.path().join(socket_name(upstream));
        let port = if upstream.contains("listen=") {
            ""
        } else {
            "listen=127.0.0.1:0&"
        };
        command.arg(format!(
            "{upstream}{separator}{port}listen=unix:{}",
            socket.display()
        ));
        command
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn()?;
        let guard = Guard::start(Some(child.id()), None, "KILL");
        let problem = match first_line(&mut child) {
            Ok(line) if line.is_empty() => format!("ended with {}", child.wait()?),
            Ok(line) => match first_address(&line) {
                Some(address) => {
                    return Ok(Self {
                        child,
                        _guard: guard,
                        folder,
                        address,
                        socket,
                    });
                }
                None => format!("names no TCP address in `{line}`"),
            },
            Err(error) => format!("does not listen: {error}"),
        };
        child.kill()?;
        child.wait()?;
        let log = fs::read_to_string(folder.path().join("log"))?;
        Err(format!("irsa proxy {problem}\n{log}").into())
    }

    /// Returns the target through the proxy, without TLS, because it listens on loopback.
    pub fn target(&self, user: &str, database: &str) -> Target {
        Target {
            host: self.address.ip().to_string(),
            port: self.address.port(),
            user: user.to_owned(),
            database: database.to_owned(),
            ssl_mode: SslMode::Disable,
            ca_file: None,
        }
    }

    /// Returns the target through the proxy's Unix socket.
    pub fn socket_target(&self, user: &str, database: &str) -> Target {
        let host = self.folder.path().display().to_string();
        Target {
            host,
            port: SOCKET_PORT,
            ..self.target(user, database)
        }
    }

    /// Its TCP address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its Unix socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns the target through the proxy, without TLS.
    pub fn opensearch_target(&self) -> OpenSearchTarget {
        OpenSearchTarget::new(format!("http://{}", self.address))
    }

    /// Returns the target through the proxy, with its certificate verified.
    pub fn opensearch_tls_target(&self) -> OpenSearchTarget {
        OpenSearchTarget {
            ca_file: Some(self.ca_file()),
            ..OpenSearchTarget::new(format!("https://localhost:{}", self.address.port()))
        }
    }

    /// The CA of the certificate that it created for localhost.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Sends SIGTERM and returns the exit status.
    pub fn stop(mut self) -> Result<ExitStatus, Error> {
        self.terminate();
        Ok(self.child.wait()?)
    }

    fn terminate(&self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the name of the socket that libpq looks for.
fn socket_name(upstream: &str) -> String {
    if upstream.starts_with("postgres") {
        format!(".s.PGSQL.{SOCKET_PORT}")
    } else {
        "opensearch.sock".to_owned()
    }
}

/// Returns the first line of its output; empty if it ended before.
fn first_line(child: &mut Child) -> Result<String, Error> {
    let output = child.stdout.take().ok_or("no standard output")?;
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        let _ = tell.send(read.map(|_| line));
    });
    Ok(told.recv_timeout(START_TIMEOUT)??)
}

/// Returns the TCP address in `{"listening":[{"address":"127.0.0.1:PORT"}, ..]}`.
fn first_address(line: &str) -> Option<SocketAddr> {
    let value: Value = serde_json::from_str(line).ok()?;
    let listening = value["listening"].as_array()?;
    let mut addresses = listening.iter().filter_map(|each| each["address"].as_str());
    addresses.find_map(|address| address.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_parsed_from_the_first_line() {
        let line = r#"{"listening":[{"address":"/run/x"},{"address":"127.0.0.1:4711"}]}"#;
        assert_eq!(first_address(line), Some(([127, 0, 0, 1], 4711).into()));
        assert_eq!(first_address("listening on 127.0.0.1:4711"), None);
    }
}
