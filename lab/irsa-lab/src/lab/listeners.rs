//! A listener for each service.

use std::sync::Arc;

use rustls::ServerConfig;

use super::shared::Shared;
use crate::admin::Admin;
use crate::certificates;
use crate::clock::pause;
use crate::error::LabError;
use crate::facts::LabFacts;
use crate::imds::Imds;
use crate::ledger::Service;
use crate::oidc;
use crate::opensearch::Health;
use crate::options::LabPorts;
use crate::pod_identity::PodIdentityAgent;
use crate::secrets_manager::SecretsManager;
use crate::services::{Bound, Services};
use crate::sts::Sts;

#[derive(Debug)]
pub(super) struct Listeners {
    pub(super) oidc: Bound,
    pub(super) sts: Bound,
    pub(super) imds: Bound,
    pub(super) pod_identity: Bound,
    pub(super) secrets_manager: Bound,
    pub(super) admin: Bound,
}

impl Listeners {
    pub(super) async fn bind(ports: LabPorts) -> Result<Self, LabError> {
        Ok(Self {
            oidc: Bound::new("OIDC issuer", ports.oidc).await?,
            sts: Bound::new("STS", ports.sts).await?,
            imds: Bound::new("instance metadata", ports.imds).await?,
            pod_identity: Bound::new("Pod Identity agent", ports.pod_identity).await?,
            secrets_manager: Bound::new("Secrets Manager", ports.secrets_manager).await?,
            admin: Bound::new("API", ports.admin).await?,
        })
    }

    /// Starts all services.
    pub(super) fn serve(
        self,
        shared: &Shared,
        facts: &Arc<LabFacts>,
        domains: Vec<Health>,
    ) -> Result<Services, LabError> {
        let mut services = Services::new();
        let projections = Arc::clone(&shared.projections);
        services.run(projections.keep_fresh(services.watch()));
        serve_oidc(&mut services, self.oidc, shared)?;
        serve_sts(&mut services, self.sts, shared)?;
        serve_imds(&mut services, self.imds, shared);
        serve_pod_identity(&mut services, self.pod_identity, shared);
        serve_secrets_manager(&mut services, self.secrets_manager, shared)?;
        serve_admin(&mut services, self.admin, shared, (facts, domains));
        Ok(services)
    }
}

fn serve_oidc(services: &mut Services, bound: Bound, shared: &Shared) -> Result<(), LabError> {
    let url = shared.issuer.url().host_and_path();
    let host = url.split(['/', ':']).next().unwrap_or_default();
    let tls = certificate(
        shared,
        ("OIDC issuer", Service::Oidc),
        &[host, "localhost", "127.0.0.1"],
    )?;
    let issuer = Arc::clone(&shared.issuer);
    let (faults, ledger) = (Arc::clone(&shared.faults), Arc::clone(&shared.ledger));
    let handler = move |request| {
        let response = oidc::serve(&issuer, &faults, &ledger, &request);
        let latency = faults.latency(Service::Oidc);
        async move {
            pause(latency).await;
            response
        }
    };
    let site = (Service::Oidc, &*shared.faults, &shared.ledger);
    services.serve_with_faults(bound, tls, handler, site);
    Ok(())
}

fn serve_sts(services: &mut Services, bound: Bound, shared: &Shared) -> Result<(), LabError> {
    let region = shared.world.region();
    let regional = format!("sts.{region}.{}", region.partition().dns_suffix());
    let names = [
        regional.as_str(),
        "sts.amazonaws.com",
        "localhost",
        "127.0.0.1",
    ];
    let tls = certificate(shared, ("STS", Service::Sts), &names)?;
    let sts = Arc::new(Sts {
        world: Arc::clone(&shared.world),
        sessions: Arc::clone(&shared.sessions),
        ledger: Arc::clone(&shared.ledger),
        faults: Arc::clone(&shared.faults),
        clock: Arc::clone(&shared.clock),
        issuer: Arc::clone(&shared.issuer),
    });
    let handler = move |request| {
        let sts = Arc::clone(&sts);
        async move { sts.handle(&request).await }
    };
    let site = (Service::Sts, &*shared.faults, &shared.ledger);
    services.serve_with_faults(bound, tls, handler, site);
    Ok(())
}

fn serve_imds(services: &mut Services, bound: Bound, shared: &Shared) {
    let imds = Arc::new(Imds::new(
        Arc::clone(&shared.world),
        Arc::clone(&shared.sessions),
        Arc::clone(&shared.ledger),
        Arc::clone(&shared.faults),
        Arc::clone(&shared.clock),
    ));
    let watch = services.watch();
    services.serve(bound, None, move |request| {
        let (imds, watch) = (Arc::clone(&imds), watch.clone());
        async move { imds.handle(&request, &watch).await }
    });
}

fn serve_pod_identity(services: &mut Services, bound: Bound, shared: &Shared) {
    let agent = Arc::new(PodIdentityAgent {
        world: Arc::clone(&shared.world),
        sessions: Arc::clone(&shared.sessions),
        ledger: Arc::clone(&shared.ledger),
        clock: Arc::clone(&shared.clock),
        issuer: Arc::clone(&shared.issuer),
    });
    services.serve(bound, None, move |request| {
        let response = agent.handle(&request);
        async move { response }
    });
}

fn serve_secrets_manager(
    services: &mut Services,
    bound: Bound,
    shared: &Shared,
) -> Result<(), LabError> {
    let region = shared.world.region();
    let regional = format!(
        "secretsmanager.{region}.{}",
        region.partition().dns_suffix()
    );
    let names = [regional.as_str(), "localhost", "127.0.0.1"];
    let tls = certificate(shared, ("Secrets Manager", Service::SecretsManager), &names)?;
    let secrets_manager = Arc::new(SecretsManager {
        world: Arc::clone(&shared.world),
        sessions: Arc::clone(&shared.sessions),
        ledger: Arc::clone(&shared.ledger),
        faults: Arc::clone(&shared.faults),
        clock: Arc::clone(&shared.clock),
    });
    let handler = move |request| {
        let secrets_manager = Arc::clone(&secrets_manager);
        async move { secrets_manager.handle(&request).await }
    };
    let site = (Service::SecretsManager, &*shared.faults, &shared.ledger);
    services.serve_with_faults(bound, tls, handler, site);
    Ok(())
}

fn serve_admin(
    services: &mut Services,
    bound: Bound,
    shared: &Shared,
    (facts, domains): (&Arc<LabFacts>, Vec<Health>),
) {
    let admin = Arc::new(Admin {
        facts: Arc::clone(facts),
        ledger: Arc::clone(&shared.ledger),
        faults: Arc::clone(&shared.faults),
        issuer: Arc::clone(&shared.issuer),
        projections: Arc::clone(&shared.projections),
        domains,
    });
    services.serve(bound, None, move |request| {
        let response = admin.handle(&request);
        async move { response }
    });
}

fn certificate(
    shared: &Shared,
    (part, service): (&'static str, Service),
    names: &[&str],
) -> Result<Arc<ServerConfig>, LabError> {
    let identity: (&[&str], &[&[u8]]) = (names, &[b"http/1.1"]);
    let config = certificates::server_config(&shared.authority, identity, &shared.faults, service);
    config.map_err(|error| LabError::part(part, error))
}
