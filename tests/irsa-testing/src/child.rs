//! A proxy in a separate process, so that its memory can be measured separately from the test's.
//!
//! The process runs the test binary again with a single, ignored test, which calls [`Order::from_parent`], starts the
//! proxy and calls [`serve_until_parent_ends`].

use std::env;
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const UPSTREAM: &str = "IRSA_TEST_UPSTREAM";
const CA_FILE: &str = "IRSA_TEST_CA_FILE";
const READY: &str = "listening at ";
/// Time limit for a proxy to start listening.
const START_TIME: Duration = Duration::from_secs(20);

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct ChildProxy {
    address: SocketAddr,
    child: Child,
    /// Kept open: libtest reports a test that runs for a minute, and fails if it cannot write.
    _stdout: Lines<BufReader<ChildStdout>>,
    _folder: tempfile::TempDir,
}

/// The memory of a process in bytes (proc(5), `/proc/pid/status`).
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Private resident memory now.
    pub own: u64,
    /// The peak of the resident memory.
    pub peak: u64,
}

/// The settings of the proxy, from the parent process.
#[derive(Debug)]
pub struct Order {
    /// The server to connect to.
    pub upstream: SocketAddr,
    /// The CA of that server, in PEM.
    pub ca_file: PathBuf,
}

// === impl ChildProxy ===

impl ChildProxy {
    /// Starts the ignored test `test` of this binary as a proxy for `upstream`. `write_ca` writes the upstream's CA to
    /// a file.
    pub async fn start(test: &str, upstream: SocketAddr, write_ca: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        write_ca(&ca_file);
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(UPSTREAM, upstream.to_string())
            .env(CA_FILE, &ca_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = child.unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = timeout(START_TIME, listening(&mut stdout)).await.unwrap();
        Self {
            address,
            child,
            _stdout: stdout,
            _folder: folder,
        }
    }

    /// The address that the proxy listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The memory of the proxy's process.
    pub fn memory(&self) -> Memory {
        let status = format!("/proc/{}/status", self.child.id().unwrap());
        let status = fs::read_to_string(status).unwrap();
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let amount = line.unwrap().trim().strip_suffix(" kB").unwrap();
            amount.parse::<u64>().unwrap() * 1024
        };
        Memory {
            own: bytes("RssAnon:"),
            peak: bytes("VmHWM:"),
        }
    }
}

async fn listening(stdout: &mut Lines<BufReader<ChildStdout>>) -> SocketAddr {
    loop {
        let line = stdout.next_line().await.unwrap().unwrap();
        if let Some(address) = line.strip_prefix(READY) {
            return address.parse().unwrap();
        }
    }
}

// === impl Order ===

impl Order {
    /// Returns the settings from the parent process; `None` in a process that a person started.
    pub fn from_parent() -> Option<Self> {
        let (upstream, ca_file) = (env::var(UPSTREAM).ok()?, env::var_os(CA_FILE)?);
        Some(Self {
            upstream: upstream.parse().unwrap(),
            ca_file: ca_file.into(),
        })
    }
}

/// Reports the proxy's address to the parent process, and returns when the parent has ended.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub async fn serve_until_parent_ends(address: SocketAddr) {
    println!("\n{READY}{address}");
    // The parent's end of this pipe closes with the parent.
    let parent = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    parent.await.unwrap().unwrap();
}
