//! A proxy in a process of its own, so that its memory can be told from the test's.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;

use irsa_net::limit::raise_open_files;
use irsa_net::tls::{LocalAuthority, Roots};
use tokio::io::{AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::encryption::ALPN;
use crate::proxy::Setup;
use crate::server::RunningServer;
use crate::wire::within;

const UPSTREAM: &str = "IRSA_TEST_UPSTREAM";
const CA_FILE: &str = "IRSA_TEST_CA_FILE";
const READY: &str = "\nlistening at ";

/// A proxy that runs until it is dropped.
pub(crate) struct ProxyProcess {
    pub(crate) address: SocketAddr,
    child: Child,
    _folder: tempfile::TempDir,
}

/// Memory of a process in bytes (proc(5), `/proc/pid/status`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// What is its own and in memory now.
    pub(crate) own: u64,
    /// The most that ever was in memory.
    pub(crate) peak: u64,
}

// === impl ProxyProcess ===

impl ProxyProcess {
    pub(crate) async fn start(server: &RunningServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        server.authority.write_ca(&ca_file).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::proxy", "--ignored", "--nocapture"])
            .env(UPSTREAM, server.address.to_string())
            .env(CA_FILE, &ca_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = child.unwrap();
        Self {
            address: within("a proxy that listens", listening(&mut child)).await,
            child,
            _folder: folder,
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        let status = format!("/proc/{}/status", self.child.id().expect("it runs"));
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

async fn listening(child: &mut Child) -> SocketAddr {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    loop {
        said.push(stdout.read_u8().await.unwrap().into());
        if let Some((_, address)) = said.split_once(READY)
            && let Some(address) = address.strip_suffix('\n')
        {
            return address.parse().unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "the proxy that other tests start, not a test"]
async fn proxy() {
    let (Ok(upstream), Ok(ca_file)) = (std::env::var(UPSTREAM), std::env::var(CA_FILE)) else {
        return;
    };
    raise_open_files().unwrap();
    let roots = Roots::from_pem_file(ca_file.as_ref()).unwrap();
    let authority = LocalAuthority::generate().unwrap();
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        ..Setup::towards(upstream.parse().unwrap(), roots)
    };
    let proxy = setup.start().await;
    println!("{READY}{}", proxy.address());
    // The parent's end of this pipe closes with the parent.
    let parent = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    parent.await.unwrap().unwrap();
}
