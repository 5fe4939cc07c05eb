//! The status page of a real proxy in a real browser, with scripts disabled.

mod browser;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use interop::client::tool;
use interop::target::{SslMode, Target};
use irsa_testing::program::path;
use serde_json::Value;

use self::browser::{Browser, Page};
use crate::stage::{Stage, USER, WORKLOAD, stage};

/// The widths of narrow phones and of a desktop.
const WIDTHS: [u32; 3] = [320, 360, 1280];
const PATIENCE: Duration = Duration::from_mins(1);

/// A proxy with its status address. It ends when this value is dropped.
struct Watched {
    child: Child,
    announced: Value,
}

// === impl Watched ===

impl Watched {
    /// Starts a proxy in the pod of a workload, in front of the lab.
    fn start(stage: &Stage, workload: &str) -> Self {
        let mut child = Command::new(path("irsa"))
            .args([
                "proxy",
                "--output",
                "json",
                "--status-address",
                "127.0.0.1:0",
            ])
            .arg(format!("{}&listen=127.0.0.1:0", stage.upstream()))
            .env_clear()
            .envs(stage.environment(workload))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).expect("it listens");
        Self { child, announced }
    }

    fn page(&self) -> String {
        let address = self.announced["status"][0].as_str().unwrap();
        format!("http://{address}/status")
    }

    /// Logs in through the proxy with psql; returns `None` if psql is missing.
    fn log_in(&self, database: &str) -> Option<bool> {
        let address = self.announced["listening"][0]["address"].as_str().unwrap();
        let (host, port) = address.rsplit_once(':').unwrap();
        let target = Target {
            host: host.to_owned(),
            port: port.parse().unwrap(),
            user: USER.to_owned(),
            database: database.to_owned(),
            ssl_mode: SslMode::Disable,
            ca_file: None,
        };
        let mut psql = tool("psql")?;
        let psql = target.point(&mut psql).args(["-X", "-w", "-c", "select 1"]);
        Some(psql.output().unwrap().status.success())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens the page until it contains `words`: the proxy's first exchange takes a moment.
fn until_it_says(browser: &mut Browser, url: &str, words: &str) -> Page {
    let begun = Instant::now();
    loop {
        let page = browser.open(url, 1280, "light");
        if page.html.contains(words) {
            return page;
        }
        assert!(begun.elapsed() < PATIENCE, "no `{words}` in {}", page.html);
    }
}

/// Returns the state of each link in the drawn chain.
fn drawn(page: &Page) -> Vec<&str> {
    let chain = page.html.split_once("<ol class=\"chain\">").unwrap().1;
    let chain = chain.split_once("</ol>").unwrap().0;
    let items = chain.split("<li class=\"").skip(1);
    items.map(|item| item.split('"').next().unwrap()).collect()
}

fn assert_fits_every_window(browser: &mut Browser, url: &str) {
    for width in WIDTHS {
        for scheme in ["light", "dark"] {
            let page = browser.open(url, width, scheme);
            let (content, window) = (page.content_width, page.window_width);
            assert!(content <= window, "{url} at {width}: {content} in {window}");
            assert_eq!(page.complaints, [""; 0], "{url}");
            assert!(!page.html.contains("<script"), "{}", page.html);
        }
    }
}

#[test]
fn a_working_chain_is_shown() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let stage = stage();
    let proxy = Watched::start(&stage, WORKLOAD);
    let page = until_it_says(&mut browser, &proxy.page(), "some have not been used yet");
    assert!(page.html.contains("not used yet"), "{}", page.html);
    let Some(logged_in) = proxy.log_in(USER) else {
        return;
    };
    assert!(logged_in);
    let page = until_it_says(&mut browser, &proxy.page(), "The chain: every link holds");
    assert_eq!(drawn(&page), ["ok"; 9]);
    for part in [
        "subject system:serviceaccount:",
        "audience sts.amazonaws.com",
        "last held <time",
        "credentials expire at",
        "and are renewed at",
    ] {
        assert!(page.html.contains(part), "no `{part}` in {}", page.html);
    }
    assert_fits_every_window(&mut browser, &proxy.page());
    assert_fits_every_window(&mut browser, &format!("{}?refresh=10", proxy.page()));
    assert_fits_every_window(&mut browser, &proxy.page().replace("/status", "/causes"));
}

#[test]
fn a_role_that_does_not_trust_the_pod_breaks_the_trust_policy() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let stage = stage();
    let proxy = Watched::start(&stage, "neighbour");
    let page = until_it_says(&mut browser, &proxy.page(), "broken at the trust policy");
    assert_eq!(drawn(&page)[..5], ["ok", "ok", "ok", "broken", "unknown"]);
    for part in ["trust-denied", "<dt>remedy</dt><dd>", "AccessDenied"] {
        assert!(page.html.contains(part), "no `{part}` in {}", page.html);
    }
    assert_fits_every_window(&mut browser, &proxy.page());
}

#[test]
fn a_missing_database_breaks_only_the_grant_of_its_upstream() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let stage = stage();
    let proxy = Watched::start(&stage, WORKLOAD);
    let Some(logged_in) = proxy.log_in("no_such_database") else {
        return;
    };
    assert!(!logged_in);
    let page = until_it_says(&mut browser, &proxy.page(), "broken at the grant");
    let mut expected = ["ok"; 9];
    expected[8] = "broken";
    assert_eq!(drawn(&page), expected);
    assert!(page.html.contains("wrong-database"), "{}", page.html);
    assert_fits_every_window(&mut browser, &proxy.page());
}
