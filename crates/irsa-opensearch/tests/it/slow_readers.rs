//! Clients that ask for much and read nothing, and what the proxy keeps for them. The proxy is a
//! process of its own, so that its memory can be told from the test's.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use hyper::body::Frame;
use irsa_net::tls::{LocalAuthority, Roots};
use tokio::io::{AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, interval};

use crate::client::{Client, within};
use crate::domain::{Domain, Step};
use crate::h2_domain::{Frames, H2Domain};
use crate::proxy::Setup;

const UPSTREAM: &str = "IRSA_TEST_UPSTREAM";
const CA_FILE: &str = "IRSA_TEST_CA_FILE";
const READY: &str = "\nlistening at ";
/// More than the kernel's buffers between domain and client hold.
const LARGE: usize = 24 * 1024 * 1024;
/// Memory for each client that reads nothing, in bytes: what hyper has read and not written, and
/// the buffers of TLS.
const MOST_HTTP_1: u64 = 512 * 1024;
const MOST_HTTP_2: u64 = 256 * 1024;
/// How long the proxy's memory must stay as it is to count as all that it takes.
const QUIET: Duration = Duration::from_secs(1);

struct ProxyProcess {
    address: SocketAddr,
    child: Child,
    _folder: tempfile::TempDir,
}

// === impl ProxyProcess ===

impl ProxyProcess {
    async fn start(domain: SocketAddr, authority: &LocalAuthority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        authority.write_ca(&ca_file).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "slow_readers::proxy", "--ignored", "--nocapture"])
            .env(UPSTREAM, domain.to_string())
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

    /// Its own memory now, in bytes (proc(5), `RssAnon`).
    fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id().expect("it runs"));
        let status = fs::read_to_string(status).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let amount = line.unwrap().trim().strip_suffix(" kB").unwrap();
        amount.parse::<u64>().unwrap() * 1024
    }

    /// The same once it no longer grows.
    async fn settled_memory(&self) -> u64 {
        let mut ticks = interval(Duration::from_millis(50));
        let (mut most, mut since) = (0, Instant::now());
        while since.elapsed() < QUIET {
            ticks.tick().await;
            let now = self.memory();
            if now > most {
                (most, since) = (now, Instant::now());
            }
        }
        most
    }

    /// Opens `count` connections that ask and read no further than the head of the answer.
    async fn ask_and_read_nothing(&self, count: usize) -> Vec<Client<TcpStream>> {
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = Client(TcpStream::connect(self.address).await.unwrap());
            client
                .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                .await;
            within("a head", client.read_head()).await.unwrap();
            clients.push(client);
        }
        clients
    }

    async fn check(&self, count: usize, most: u64) {
        let warm = self.ask_and_read_nothing(1).await;
        let before = self.settled_memory().await;
        let clients = self.ask_and_read_nothing(count).await;
        let each = self.settled_memory().await.saturating_sub(before) / count as u64;
        assert!(each < most, "{each} bytes for each client");
        drop((warm, clients));
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
    let roots = Roots::from_pem_file(ca_file.as_ref()).unwrap();
    let setup = Setup::trusting(upstream.parse().unwrap(), roots);
    let proxy = setup.start().await;
    println!("{READY}{}", proxy.address());
    // The parent's end of this pipe closes with the parent.
    let parent = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    parent.await.unwrap().unwrap();
}

#[tokio::test]
async fn clients_that_read_nothing_take_little_memory_over_http_1() {
    let body = "x".repeat(LARGE / 2);
    let domain = Domain::answering(move |_| Step::ok(&body)).await;
    let proxy = ProxyProcess::start(domain.address, &domain.authority).await;
    proxy.check(12, MOST_HTTP_1).await;
}

#[tokio::test]
async fn clients_that_read_nothing_take_little_memory_over_http_2() {
    let piece = Bytes::from(vec![b'x'; 16 * 1024]);
    let domain = H2Domain::answering(move |_| {
        let pieces = vec![piece.clone(); LARGE / piece.len()];
        let frames: Vec<_> = pieces.into_iter().map(Frame::data).collect();
        Response::new(Frames::of(frames))
    })
    .await;
    let proxy = ProxyProcess::start(domain.address, &domain.authority).await;
    proxy.check(64, MOST_HTTP_2).await;
}
