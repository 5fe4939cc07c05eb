//! A domain: a real OpenSearch that is set up like the service's, and the front before it.

use std::sync::Arc;

use irsa_components::opensearch::{OpenSearch, OpenSearchBinaries, OpenSearchOptions, VERSION};
use irsa_components::run_as::private_folder;
use irsa_net::listen::{ListenAddress, ListenOptions, Listener};
use tokio::task::JoinSet;

use super::backend::Backend;
use super::front::Front;
use super::health::{Health, Watched};
use super::{failed, server, setup};
use crate::certificates;
use crate::deps::FrontDeps;
use crate::error::LabError;
use crate::facts::DomainFacts;
use crate::ledger::Service;
use crate::world::Domain;

/// A running domain. Fields are dropped in this order: front, server with its directory.
#[derive(Debug)]
pub(super) struct RunningDomain {
    facts: DomainFacts,
    front: JoinSet<()>,
    health: Health,
    server: Watched,
}

impl RunningDomain {
    /// Starts the server, sets it up, and listens on a free loopback port.
    pub(super) async fn start(
        deps: &FrontDeps,
        binaries: &OpenSearchBinaries,
        domain: &Arc<Domain>,
    ) -> Result<Self, LabError> {
        let doing = format!("starting domain `{}`", domain.name);
        (deps.progress)(&format!("{doing} on OpenSearch {VERSION}"));
        let folder = private_folder(binaries.run_as())
            .map_err(|error| LabError::opensearch(&doing, error))?;
        let mut options = OpenSearchOptions::new(folder.path());
        options.settings = settings(domain);
        let opensearch = OpenSearch::start(binaries, options)
            .await
            .map_err(|error| failed(&doing, error))?;
        setup::set_up(&opensearch, domain).await?;
        let health = Health::new(&domain.name);
        let (front, port) = serve(deps, domain, opensearch.port(), &health)
            .await
            .map_err(|error| LabError::opensearch(&doing, error))?;
        Ok(Self {
            facts: facts(domain, port),
            front,
            server: Watched::new(opensearch, folder, &health),
            health,
        })
    }

    pub(super) fn facts(&self) -> &DomainFacts {
        &self.facts
    }

    pub(super) fn health(&self) -> Health {
        self.health.clone()
    }

    /// Cuts all connections, then stops the server.
    pub(super) async fn stop(mut self) {
        self.front.shutdown().await;
        self.server.stop().await;
    }
}

/// Returns settings that raise the server's own limits above the domain's: that of a body, and that of concurrent
/// bulks, because several large ones exceed a tenth of a small heap.
fn settings(domain: &Domain) -> Vec<(String, String)> {
    let body = domain.max_request_bytes.max(1024 * 1024);
    let settings = [
        ("http.max_content_length", format!("{body}b")),
        ("indexing_pressure.memory.limit", "40%".to_owned()),
    ];
    settings
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
}

/// Starts the front of a domain whose server listens on `backend_port`; returns the front's port.
pub(super) async fn serve(
    deps: &FrontDeps,
    domain: &Arc<Domain>,
    backend_port: u16,
    health: &Health,
) -> Result<(JoinSet<()>, u16), Box<dyn std::error::Error + Send + Sync>> {
    let names = [domain.endpoint.as_str(), "localhost", "127.0.0.1"];
    let identity: (&[&str], &[&[u8]]) = (&names, &server::ALPN);
    let (authority, faults) = (&deps.authority, &deps.faults);
    let tls = certificates::server_config(authority, identity, faults, Service::OpenSearch)?;
    let address = ListenAddress::Loopback { port: 0 };
    let listener = Listener::bind(&address, ListenOptions::default()).await?;
    let port = listener.port().unwrap_or_default();
    let front = Front {
        domain: Arc::clone(domain),
        world: Arc::clone(&deps.world),
        sessions: Arc::clone(&deps.sessions),
        ledger: Arc::clone(&deps.ledger),
        faults: Arc::clone(&deps.faults),
        clock: Arc::clone(&deps.clock),
        health: health.clone(),
        backend: Backend::new(
            format!("127.0.0.1:{backend_port}").parse()?,
            domain.fine_grained,
        ),
    };
    let mut task = JoinSet::new();
    task.spawn(server::serve(Arc::new(front), tls, listener));
    Ok((task, port))
}

fn facts(domain: &Domain, port: u16) -> DomainFacts {
    DomainFacts {
        name: domain.name.clone(),
        endpoint: domain.endpoint.clone(),
        dial: format!("127.0.0.1:{port}"),
        fine_grained: domain.fine_grained,
        region: domain.region.clone(),
    }
}
