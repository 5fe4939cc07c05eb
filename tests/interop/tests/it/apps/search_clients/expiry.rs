//! Sessions that expire, a temporary outage of STS, and a restart of the proxy under a steady load.

use std::path::Path;
use std::time::Duration;

use interop::faults::search::{self, workload};
use interop::port;
use interop::proxy::Proxy;
use interop::server::cache_folder;
use irsa_components::opensearch::{OpenSearchBinaries, OpenSearchError};
use irsa_demo::reference_apps::search_clients::{Event, EventKind, Running, SearchClient, Work};
use irsa_lab::Lab;
use irsa_lab::facts::DomainFacts;
use irsa_testing::skip;
use tokio::runtime::Runtime;

use super::{LIMIT, built, scene, start_client, through};
use crate::apps::until;
use crate::stage::start;

/// Session lifetime in seconds; irsa renews at three quarters.
const SESSION: u64 = 12;
/// Long enough for two sessions to expire.
const LOAD: Duration = Duration::from_secs(24);
/// Requests per second.
const RATE: u32 = 5;

/// In a separate lab, because sessions and STS are shared by all pods.
#[test]
fn clients_do_not_notice_session_expiry_or_a_short_outage_of_sts() {
    let Some(built) = built() else { return };
    Runtime::new().unwrap().block_on(async {
        let Some(lab) = lab().await else { return };
        lab.faults()
            .change(|plan| plan.session_seconds = Some(SESSION));
        // One after the other: STS stops right after a renewal and is back at the first failure, so that the last
        // quarter of a session is left for the next attempt.
        for client in [SearchClient::Operate, SearchClient::Zeebe] {
            is_unharmed(&lab, &built, client).await;
        }
        lab.stop().await;
    });
}

/// All requests succeed, though two new sessions sign them, and STS is down before the second one.
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
fn a_client_continues_after_a_restart_of_its_proxy() {
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

/// Returns `None` after printing the reason if Java for OpenSearch is missing.
async fn lab() -> Option<Lab> {
    let located = OpenSearchBinaries::locate(None, &cache_folder().unwrap(), &|_| {}).await;
    if let Err(error @ OpenSearchError::NoJava { .. }) = located {
        skip(error);
        return None;
    }
    Some(search::lab().await.unwrap())
}

/// Starts a proxy in the component's pod; port 0 selects a free one.
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

/// Returns whether a load has started to succeed this many times.
fn succeeds(times: usize) -> impl Fn(&[Event]) -> bool {
    move |events| loads(events).filter(|one| one.name == "succeeds").count() >= times
}

/// Returns the numbers of all and of failed requests of a finished load.
fn numbers(events: &[Event]) -> (u64, u64) {
    let over = loads(events).find(|one| one.name == "over");
    let over = over.expect("it is over").result.as_ref().unwrap();
    let number = |key: &str| over[key].as_u64().unwrap();
    (number("requests"), number("errors"))
}
