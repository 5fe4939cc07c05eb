//! A client that makes projects and files all the time, and what it sees.

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

/// Twenty requests a second.
const PAUSE: Duration = Duration::from_millis(50);
/// Of so many requests one makes a project; the others list them, or add a file to one.
const KINDS: usize = 4;

/// A steady load.
pub(super) struct Load {
    task: JoinHandle<Seen>,
    shared: Arc<Shared>,
}

/// What the client saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Projects it made.
    pub(super) created: usize,
    /// Projects that the last list had.
    pub(super) listed: usize,
    /// Requests that were not answered as they should be.
    pub(super) errors: Vec<String>,
}

#[derive(Default)]
struct Shared {
    ends: AtomicBool,
    served: AtomicUsize,
    /// Taken while a request is on its way.
    road: Arc<Mutex<()>>,
}

// === impl Load ===

impl Load {
    /// Starts it, against a service with an empty database.
    pub(super) fn start(url: &str) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(work(address, Arc::clone(&shared)));
        Self { task, shared }
    }

    /// How many requests were answered as they should be.
    pub(super) fn served(&self) -> usize {
        self.shared.served.load(Ordering::Relaxed)
    }

    /// No request is on its way as long as the answer lives.
    pub(super) async fn hold(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.shared.road).lock_owned().await
    }

    /// Ends it with a list of all projects.
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
    // Tomcat ends a connection after a hundred requests.
    let mut connection = Connection::open(address).await?;
    let answer = connection.send(request.body(Full::from(body))?).await?;
    let text = String::from_utf8_lossy(answer.body());
    if !answer.status().is_success() {
        return Err(format!("{method} {path}: {} {text}", answer.status()).into());
    }
    Ok(serde_json::from_str(&text)?)
}
