//! Operate's and Zeebe's clients: unsigned through irsa, and with their own signing.

mod expiry;
mod faults;
mod modes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use interop::faults::search;
use interop::proxy::Proxy;
use interop::server::cache_folder;
use irsa_demo::reference_apps::AppError;
use irsa_demo::reference_apps::search_clients::{
    self, DomainMode, Event, Running, SearchClient, Work,
};
use irsa_testing::skip;
use tokio::runtime::Runtime;

use crate::opensearch::stage::{Stage, stage};

/// Time limit for operations that take seconds.
const LIMIT: Duration = Duration::from_mins(2);

/// The domain, and the program that plays both components.
struct Scene {
    built: PathBuf,
    stage: Arc<Stage>,
}

/// Returns `None` after printing the reason if the program cannot be built or OpenSearch is missing.
fn scene() -> Option<Scene> {
    Some(Scene {
        built: built()?,
        stage: stage()?,
    })
}

fn built() -> Option<PathBuf> {
    let cache = cache_folder().unwrap();
    let program = search_clients::build(&cache, &|_| {});
    match Runtime::new().unwrap().block_on(program) {
        Err(error @ AppError::Missing { .. }) => {
            skip(error);
            None
        }
        built => Some(built.unwrap()),
    }
}

/// Returns the mode through `proxy`.
fn through(proxy: &Proxy) -> DomainMode {
    let port = proxy.address().port();
    DomainMode::ThroughIrsa {
        url: format!("http://localhost:{port}"),
    }
}

/// Starts a component's client with `suffix` in the names of its indices.
async fn start_client(
    built: &Path,
    client: SearchClient,
    mode: &DomainMode,
    work: Work,
    suffix: &str,
) -> Running {
    let names = search::names(suffix);
    let variables = names
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let started = Running::start(client, built, mode, work, &variables).await;
    started.unwrap()
}

impl Scene {
    /// Returns all events of a component's client after its work.
    fn work(&self, client: SearchClient, mode: &DomainMode, suffix: &str) -> Vec<Event> {
        self.stage.runtime.block_on(async {
            let started = start_client(&self.built, client, mode, Work::Once, suffix);
            let mut running = started.await;
            running.ended(LIMIT).await.unwrap();
            running.events()
        })
    }
}
