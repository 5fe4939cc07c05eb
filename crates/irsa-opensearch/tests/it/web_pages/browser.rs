//! A real Chromium, with a page from another loopback port that attacks the listener.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use irsa_opensearch::Guards;
use irsa_testing::skip;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::domain::{Domain, Step};
use crate::proxy::{Proxy, Setup};

/// A browser needs seconds to start, and more on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Tries every way in which a page can send a request without permission, to a name of the same site and to a name of a
/// different site, and reports when it is done. Then it sends a request to the listener that allows it, reports the
/// result, and opens the listener's own page.
const ATTACK: &str = r"<!doctype html><title>attack</title><body><script>
const attack = '/orders/_delete_by_query?q=*';
const waits = [];
for (const host of ['127.0.0.1', 'localhost']) {
  const target = `http://${host}:VICTIM`;
  waits.push(fetch(target + attack, {method: 'POST', mode: 'no-cors', body: '{}'}).catch(() => {}));
  waits.push(fetch(target + attack, {method: 'POST', headers: {'content-type': 'application/json'},
    body: '{}'}).catch(() => {}));
  navigator.sendBeacon(target + attack, '{}');
  waits.push(new Promise(done => {
    const image = new Image();
    image.onload = image.onerror = done;
    image.src = target + '/_refresh?image';
  }));
  waits.push(new Promise(done => {
    const frame = document.createElement('iframe');
    frame.name = host;
    document.body.append(frame);
    const form = document.createElement('form');
    form.method = 'POST';
    form.target = host;
    form.action = target + attack;
    document.body.append(form);
    frame.onload = () => { if (form.sent) done(); };
    form.sent = true;
    form.submit();
  }));
}
(async () => {
  await Promise.all(waits);
  await fetch('/said/attacked');
  let said;
  try {
    const answer = await fetch('http://localhost:TOOL/orders/_count', {method: 'POST',
      headers: {'content-type': 'application/json'}, body: '{}'});
    said = `${answer.status}-${(await answer.json()).count}`;
  } catch (error) {
    said = 'failed';
  }
  await fetch('/said/' + said);
  location = 'http://localhost:VICTIM/page';
})();
</script>";

/// The page that the domain serves. It sends a request to the domain, like Dashboards does.
const OWN_PAGE: &str = r"<!doctype html><title>own</title><script>
fetch('/orders/_search', {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'});
</script>";

#[tokio::test]
async fn no_request_from_a_page_of_another_port_reaches_the_domain() {
    let Some(chromium) = chromium() else { return };
    let victim =
        Domain::answering(|_| Step::with_headers(200, "content-type: text/html\r\n", OWN_PAGE))
            .await;
    let guarded = Proxy::for_domain(&victim).await;
    let tools = Domain::answering(|_| Step::ok(r#"{"count":7}"#)).await;

    let pages = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = pages.local_addr().unwrap();
    let open = allowing(&tools, address).await;
    let attack = ATTACK
        .replace("VICTIM", &guarded.address().port().to_string())
        .replace("TOOL", &open.address().port().to_string());
    let (say, mut said) = unbounded_channel();
    tokio::spawn(serve(pages, attack, say));
    let _browser = Browser::open(&chromium, &format!("http://{address}/"));

    assert_eq!(next(&mut said).await, "attacked");
    assert!(victim.seen().is_empty(), "{:#?}", victim.seen());
    assert!(guarded.metric("opensearch_rejections_total") >= 8);
    assert_eq!(next(&mut said).await, "200-7", "the tool");
    assert_eq!(tools.only().request_line(), "POST /orders/_count HTTP/1.1");

    let lines = timeout(PATIENCE, until_searched(&victim)).await.unwrap();
    assert!(
        lines.contains(&"GET /page HTTP/1.1".to_owned()),
        "{lines:?}"
    );
    let is_attack = |line: &String| line.contains("_delete_by_query") || line.contains("_refresh");
    assert!(!lines.iter().any(is_attack), "{lines:?}");
}

/// Starts a proxy that allows the page at this address.
async fn allowing(domain: &Domain, page: SocketAddr) -> Proxy {
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.guards = Guards {
        allow_origins: vec![format!("http://{page}").parse().unwrap()],
        ..Guards::default()
    };
    setup.start().await
}

/// Returns the requests that reached the domain, once its own page has sent its request.
async fn until_searched(domain: &Domain) -> Vec<String> {
    loop {
        let seen = domain.seen();
        let lines: Vec<_> = seen
            .iter()
            .map(|seen| seen.request_line().to_owned())
            .collect();
        if lines
            .iter()
            .any(|line| line.starts_with("POST /orders/_search "))
        {
            return lines;
        }
        domain.arrival().await;
    }
}

async fn next(said: &mut UnboundedReceiver<String>) -> String {
    timeout(PATIENCE, said.recv())
        .await
        .expect("the page ran")
        .unwrap()
}

/// Serves the page, and forwards its reports.
async fn serve(listener: TcpListener, page: String, say: UnboundedSender<String>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(answer(stream, page.clone(), say.clone()));
    }
}

async fn answer(mut stream: TcpStream, page: String, say: UnboundedSender<String>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Browsers open connections that they do not use.
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap();
    if let Some(word) = path.strip_prefix("/said/") {
        say.send(word.to_owned()).unwrap();
    }
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{page}"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

struct Browser {
    child: Child,
    _profile: TempDir,
}

// === impl Browser ===

impl Browser {
    fn open(program: &PathBuf, url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let child = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // Without this flag, a headless Chromium renders the page and exits.
            .arg("--remote-debugging-port=0")
            .arg(url)
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            _profile: profile,
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns Chromium, or `None` with the reason printed if it is missing.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("chromium"))
        .find(|file| file.is_file());
    if found.is_none() {
        skip("`chromium` is not installed");
    }
    found
}
