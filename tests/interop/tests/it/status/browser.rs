//! Debian's headless Chromium, controlled with the Chrome DevTools Protocol over two named pipes.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use interop::client::tool;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Time limit for a response, sufficient even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Chromium reads commands from descriptor 3 and writes responses to 4.
const START: &str = r#"exec "$0" "$@" 3<"$PIPES/orders" 4>"$PIPES/answers""#;

/// Flags that disable background activity.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--remote-debugging-pipe",
    "about:blank",
];

/// A browser with one tab, in which scripts are disabled.
pub(crate) struct Browser {
    child: Child,
    orders: File,
    answers: Receiver<Value>,
    session: Option<String>,
    number: u64,
    /// Console messages since the last check.
    complaints: Vec<String>,
    _folder: TempDir,
}

/// A rendered page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) html: String,
    /// Width of its content in CSS pixels.
    pub(crate) content_width: f64,
    /// Width of the window without the scroll bar, in CSS pixels.
    pub(crate) window_width: f64,
    /// Errors and warnings on the console.
    pub(crate) complaints: Vec<String>,
}

// === impl Browser ===

impl Browser {
    /// Starts Chromium; returns `None` if it is missing.
    pub(crate) fn start() -> Option<Self> {
        let chromium = tool("chromium")?;
        let folder = TempDir::new().unwrap();
        let pipes = ["orders", "answers"].map(|name| folder.path().join(name));
        let made = Command::new("mkfifo").args(&pipes).status().unwrap();
        assert!(made.success());
        let profile = folder.path().join("profile");
        let mut command = Command::new("sh");
        command
            .args(["-c", START])
            .arg(chromium.get_program())
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .env("PIPES", folder.path())
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let [orders, answers] = pipes;
        let mut browser = Self {
            child,
            orders: File::options().write(true).open(orders).unwrap(),
            answers: follow(File::open(answers).unwrap()),
            session: None,
            number: 0,
            complaints: Vec::new(),
            _folder: folder,
        };
        browser.open_tab();
        Some(browser)
    }

    /// Opens a page in a window of this width, with a light or dark color scheme.
    pub(crate) fn open(&mut self, url: &str, width: u32, scheme: &str) -> Page {
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        let media = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.ask("Emulation.setEmulatedMedia", &media);
        self.ask("Page.navigate", &json!({"url": url}));
        self.wait_for("Page.loadEventFired");
        let root = self.ask("DOM.getDocument", &json!({}));
        let node = json!({"nodeId": root["root"]["nodeId"]});
        let html = self.ask("DOM.getOuterHTML", &node);
        let layout = self.ask("Page.getLayoutMetrics", &json!({}));
        Page {
            html: html["outerHTML"].as_str().unwrap().to_owned(),
            content_width: layout["cssContentSize"]["width"].as_f64().unwrap(),
            window_width: layout["cssLayoutViewport"]["clientWidth"].as_f64().unwrap(),
            complaints: std::mem::take(&mut self.complaints),
        }
    }

    fn open_tab(&mut self) {
        let target = self.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.ask("Target.attachToTarget", &attach);
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "DOM.enable"] {
            self.ask(domain, &json!({}));
        }
        let no_scripts = json!({"value": true});
        self.ask("Emulation.setScriptExecutionDisabled", &no_scripts);
    }

    /// Sends a command and waits for its result.
    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let number = self.number;
        let mut order = json!({"id": number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            order["sessionId"] = json!(session);
        }
        let mut message = order.to_string().into_bytes();
        message.push(0);
        self.orders.write_all(&message).unwrap();
        let answer = self.until(|answer| answer["id"] == number);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn wait_for(&mut self, event: &str) {
        self.until(|answer| answer["method"] == event);
    }

    fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let answer = self.answers.recv_timeout(PATIENCE).expect("an answer");
            if is_complaint(&answer) {
                self.complaints.push(answer["params"].to_string());
            }
            if is_it(&answer) {
                return answer;
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium ends when its parent closes the pipe; this is only a fallback.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns whether a message is a warning or an error on the console.
fn is_complaint(answer: &Value) -> bool {
    let level = &answer["params"]["entry"]["level"];
    let kind = &answer["params"]["type"];
    match answer["method"].as_str() {
        Some("Log.entryAdded") => level == "error" || level == "warning",
        Some("Runtime.consoleAPICalled") => kind == "error" || kind == "warning",
        Some("Runtime.exceptionThrown") => true,
        _ => false,
    }
}

/// Reads messages, which end in a zero byte, until the end of the stream.
fn follow(answers: File) -> Receiver<Value> {
    let (tell, told) = channel();
    thread::spawn(move || {
        for message in BufReader::new(answers).split(0) {
            let message = serde_json::from_slice(&message.unwrap()).unwrap();
            if tell.send(message).is_err() {
                return;
            }
        }
    });
    told
}
