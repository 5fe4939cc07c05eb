//! Sessions end, STS is gone for a moment, the proxy is restarted: all of it under a steady load.

use std::path::Path;
use std::time::Duration;

use interop::client::skip;
use interop::faults::search::{self, workload};
use interop::port;
use interop::proxy::Proxy;
use interop::server::cache_folder;
use irsa_components::opensearch::{OpenSearchBinaries, OpenSearchError};
use irsa_demo::reference_apps::search_clients::{Event, EventKind, Running, SearchClient, Work};
use irsa_lab::Lab;
use irsa_lab::facts::DomainFacts;
use tokio::runtime::Runtime;

use super::{LIMIT, built, scene, start_client, through};
use crate::apps::until;
use crate::stage::start;

/// The life of a session in seconds; irsa renews it at three quarters.
const SESSION: u64 = 12;
/// Long enough for the end of two of them.
const LOAD: Duration = Duration::from_secs(24);
/// Requests a second.
const RATE: u32 = 5;

/// In a lab of its own: sessions and STS are those of all its pods.
#[test]
fn no_client_notices_that_sessions_end_nor_that_sts_is_gone_for_a_moment() {
    let Some(built) = built() else { return };
    Runtime::new().unwrap().block_on(async {
        let Some(lab) = lab().await else { return };
        lab.faults()
            .change(|plan| plan.session_seconds = Some(SESSION));
        // One after the other: STS goes right after a renewal and is back at the first failure, so that all of the
        // last quarter of a session is left for the next one.
        for client in [SearchClient::Operate, SearchClient::Zeebe] {
            is_unharmed(&lab, &built, client).await;
        }
        lab.stop().await;
    });
}

/// All requests succeed, though the session that signs them is another one twice, and STS is gone before the second.
async fn is_unharmed(lab: &Lab, built: &Path, client: SearchClient) {
    let proxy = start_proxy(lab, client, 0);
    let renewals = || proxy.log().matches("credentials renewed").count();
    let mut running = load(built, client, &proxy, LOAD).await;
    running.until(succeeds(1), LIMIT).await.unwrap();
    until("a renewal", || renewals() >= 1).await;
    let before = renewals();
    lab.faults().change(|plan| plan.sts_down = true);
    let is_missed = || proxy.log().contains("cannot renew the credentials");
    until("a failure of STS", is_missed).await;
    lab.faults().change(|plan| plan.sts_down = false);
    until("a renewal after it", || renewals() > before).await;

    let succeeded = running.ended(LIMIT).await.unwrap();
    assert!(succeeded, "{}\n{}", running.log(), proxy.log());
    let all = LOAD.as_secs() * u64::from(RATE);
    assert_eq!(numbers(&running.events()), (all, 0));
}

#[test]
fn a_client_goes_on_when_its_proxy_was_restarted() {
    let Some(scene) = scene() else { return };
    let (lab, client) = (scene.stage.lab(), SearchClient::Zeebe);
    scene.stage.runtime.block_on(async {
        let port = port::to_return_to().unwrap();
        let proxy = start_proxy(lab, client, port);
        let length = Duration::from_secs(20);
        let mut running = load(&scene.built, client, &proxy, length).await;
        running.until(succeeds(1), LIMIT).await.unwrap();
        assert!(proxy.stop().unwrap().success());
        let fails = |events: &[Event]| events.iter().any(|one| one.result.is_err());
        running.until(fails, LIMIT).await.unwrap();

        let proxy = start_proxy(lab, client, port);
        running.until(succeeds(2), LIMIT).await.unwrap();
        running.ended(LIMIT).await.unwrap();
        let events = running.events();
        let changes: Vec<bool> = loads(&events).map(|one| one.result.is_ok()).collect();
        assert_eq!(
            changes,
            [true, false, true, true],
            "{events:#?}\n{}",
            proxy.log()
        );
    });
}

/// `None`, with the reason printed, where there is no Java for OpenSearch.
async fn lab() -> Option<Lab> {
    let located = OpenSearchBinaries::locate(None, &cache_folder().unwrap(), &|_| {}).await;
    if let Err(error @ OpenSearchError::NoJava { .. }) = located {
        skip(&error.to_string());
        return None;
    }
    Some(search::lab().await.unwrap())
}

/// A proxy in the pod of the component, on a port of its own choice if that is 0.
fn start_proxy(lab: &Lab, client: SearchClient, port: u16) -> Proxy {
    let DomainFacts { endpoint, dial, .. } = &lab.facts().domains[0];
    let mut environment = workload(lab, client.name()).unwrap().environment.clone();
    environment.remove("IRSA_UPSTREAMS");
    let upstream = format!("opensearch://{endpoint}?dial={dial}&listen=127.0.0.1:{port}");
    start(&upstream, &environment)
}

async fn load(built: &Path, client: SearchClient, proxy: &Proxy, length: Duration) -> Running {
    let work = Work::Steady { length, rate: RATE };
    start_client(built, client, &through(proxy), work, "load").await
}

fn loads(events: &[Event]) -> impl Iterator<Item = &Event> {
    events.iter().filter(|one| one.kind == EventKind::Load)
}

/// Whether a load has begun to succeed so many times.
fn succeeds(times: usize) -> impl Fn(&[Event]) -> bool {
    move |events| loads(events).filter(|one| one.name == "succeeds").count() >= times
}

/// Of a load that is over: all requests, and those that failed.
fn numbers(events: &[Event]) -> (u64, u64) {
    let over = loads(events).find(|one| one.name == "over");
    let over = over.expect("it is over").result.as_ref().unwrap();
    let number = |key: &str| over[key].as_u64().unwrap();
    (number("requests"), number("errors"))
}
