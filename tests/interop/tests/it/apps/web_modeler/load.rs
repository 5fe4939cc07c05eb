//! A client that continuously creates projects and files, and its results.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use interop::Error;
use interop::http::Connection;
use serde_json::{Value, json};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// Pause between requests: twenty per second.
const PAUSE: Duration = Duration::from_millis(50);
/// One of this many requests creates a project; the others list projects or add a file.
const KINDS: usize = 4;

/// A steady load.
pub(super) struct Load {
    task: JoinHandle<Seen>,
    shared: Arc<Shared>,
}

/// The results of the requests.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Number of created projects.
    pub(super) created: usize,
    /// Number of projects in the last list.
    pub(super) listed: usize,
    /// Failed requests.
    pub(super) errors: Vec<String>,
}

#[derive(Default)]
struct Shared {
    ends: AtomicBool,
    served: AtomicUsize,
    /// Locked while a request is in flight.
    road: Arc<Mutex<()>>,
}

// === impl Load ===

impl Load {
    /// Starts the load on a service with an empty database.
    pub(super) fn start(url: &str) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(work(address, Arc::clone(&shared)));
        Self { task, shared }
    }

    /// Returns the number of successful requests.
    pub(super) fn served(&self) -> usize {
        self.shared.served.load(Ordering::Relaxed)
    }

    /// Prevents new requests until the guard is dropped.
    pub(super) async fn hold(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.shared.road).lock_owned().await
    }

    /// Ends the load, with a final list of all projects.
    pub(super) async fn stop(self) -> Seen {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

async fn work(address: String, shared: Arc<Shared>) -> Seen {
    let mut seen = Seen::default();
    let mut tick = interval(PAUSE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for turn in 0.. {
        tick.tick().await;
        let _road = shared.road.lock().await;
        let ends = shared.ends.load(Ordering::Relaxed);
        let kind = if ends { KINDS } else { turn % KINDS };
        match request(&address, &mut seen, kind).await {
            Ok(()) => drop(shared.served.fetch_add(1, Ordering::Relaxed)),
            Err(error) => seen.errors.push(error.to_string()),
        }
        if ends {
            break;
        }
    }
    seen
}

async fn request(address: &str, seen: &mut Seen, kind: usize) -> Result<(), Error> {
    match kind {
        0 => {
            let name = format!("project {}", seen.created);
            send(address, "POST", "/api/projects", &json!({"name": name})).await?;
            seen.created += 1;
        }
        1 => {
            let path = format!("/api/projects/{}/files", seen.created);
            let file = json!({"name": "order.bpmn", "content": "<process/>"});
            send(address, "POST", &path, &file).await?;
        }
        2 => {
            let health = send(address, "GET", "/actuator/health", &Value::Null).await?;
            if health["status"] != "UP" {
                return Err(format!("its health is {health}").into());
            }
        }
        _ => {
            let projects = send(address, "GET", "/api/projects", &Value::Null).await?;
            seen.listed = projects.as_array().map_or(0, Vec::len);
        }
    }
    Ok(())
}

async fn send(address: &str, method: &str, path: &str, body: &Value) -> Result<Value, Error> {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json");
    // Tomcat closes a connection after a hundred requests.
    let mut connection = Connection::open(address).await?;
    let answer = connection.send(request.body(Full::from(body))?).await?;
    let text = String::from_utf8_lossy(answer.body());
    if !answer.status().is_success() {
        return Err(format!("{method} {path}: {} {text}", answer.status()).into());
    }
    Ok(serde_json::from_str(&text)?)
}
