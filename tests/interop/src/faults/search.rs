//! Faults of links to an OpenSearch domain.

mod pod;
mod ten;
mod words;

use std::path::Path;
use std::time::Duration;

use irsa_demo::reference_apps::search_clients::{DomainMode, Event, Running, SearchClient, Work};
use irsa_lab::faults::{FaultPlan, catalogue};
use irsa_lab::ledger::{Outcome, Service};
use irsa_lab::{Lab, LabOptions, World};

use super::words::{from_irsa, from_refusal};
use super::{Row, Said};
use crate::Error;
use crate::server::cache_folder;

pub use pod::{Pod, names, workload};

/// Time limit for a client, which takes seconds.
const LIMIT: Duration = Duration::from_mins(2);

/// A function that breaks something in a pod.
type Setter = fn(&mut Pod<'_>) -> Result<(), Error>;

/// A fault, and how to set it in the pod or the lab.
#[derive(Debug, Clone, Copy)]
pub struct SearchFault {
    /// Its ID in the lab's catalogue.
    pub id: &'static str,
    /// Sets up the pod, if the catalogue cannot.
    set: Option<Setter>,
}

/// The ten faults, in the order of the chain.
pub const FAULTS: [SearchFault; 10] = ten::TEN;

/// Starts a lab with the domain.
///
/// # Errors
/// It did not start.
pub async fn lab() -> Result<Lab, Error> {
    let mut options = LabOptions::new(World::camunda_8_3());
    options.cache_dir = cache_folder()?;
    (options.aurora, options.opensearch) = (false, true);
    Ok(Lab::start(options).await?)
}

/// Runs a client, built in a directory, with all faults. Its guide has the client's name.
///
/// # Errors
/// The lab or the client could not run at all.
pub async fn table(lab: &Lab, client: SearchClient, built: &Path) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for fault in &FAULTS {
        rows.push(row(lab, client, built, fault).await?);
    }
    Ok(rows)
}

/// Runs a client with one link broken, with its own signing and through irsa.
///
/// # Errors
/// The fault could not be set, or the client could not run at all.
pub async fn row(
    lab: &Lab,
    client: SearchClient,
    built: &Path,
    fault: &SearchFault,
) -> Result<Row, Error> {
    let mut pod = Pod::new(lab, client)?;
    let found = catalogue::find(fault.id)?;
    match fault.set {
        Some(set) => set(&mut pod)?,
        None => pod.break_by(found.mechanism)?,
    }
    pod.prepare().await?;
    // The plan affects the whole lab, which other tests may use: most faults are only in the pod.
    let is_of_the_lab = pod.plan != FaultPlan::default();
    if is_of_the_lab {
        lab.faults().set(pod.plan.clone());
    }
    let own = own_signing(&pod, built).await;
    let irsa = through_irsa(&pod, built).await;
    if is_of_the_lab {
        lab.faults().set(FaultPlan::default());
    }
    Ok(Row {
        fault: found,
        own: own?,
        irsa: irsa?,
    })
}

async fn own_signing(pod: &Pod<'_>, built: &Path) -> Result<Said, Error> {
    let node = || {
        let ledger = pod.lab().ledger();
        ledger.count(Service::Imds, "credentials", Outcome::Served)
    };
    let before = node();
    let mode = pod.own_signing()?;
    let running = run(pod, built, &mode).await?;
    if running.events().iter().any(has_failed_to_start) {
        return Ok(Said::Words(words::from_client(&running, &mode)));
    }
    let role = pod.lab().facts().node_role_arn.name();
    Ok(Said::Nothing(if node() > before {
        format!("it works, as the node's role `{role}`")
    } else {
        "it works".to_owned()
    }))
}

async fn through_irsa(pod: &Pod<'_>, built: &Path) -> Result<Said, Error> {
    let proxy = match pod.proxy() {
        Ok(proxy) => proxy,
        Err(refusal) => {
            let said = from_refusal(&refusal.to_string());
            return said.map(Said::Words).ok_or(refusal);
        }
    };
    let url = format!("http://localhost:{}", proxy.address().port());
    let running = run(pod, built, &DomainMode::ThroughIrsa { url }).await?;
    if running.events().iter().any(has_failed_to_start) {
        let log = proxy.log();
        let line = from_irsa(&log).ok_or_else(|| format!("no cause in:\n{log}"))?;
        return Ok(Said::Words(line));
    }
    let works = match words::warning(&proxy.log()) {
        Some(warning) => format!("it works, and warns: {warning}"),
        None => "it works".to_owned(),
    };
    Ok(Said::Nothing(works))
}

/// Returns whether its first step failed, which ends it.
fn has_failed_to_start(event: &Event) -> bool {
    event.result.is_err() && ["health", "component-template"].contains(&event.name.as_str())
}

async fn run(pod: &Pod<'_>, built: &Path, mode: &DomainMode) -> Result<Running, Error> {
    let names = pod.names();
    let variables = names
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let mut running = Running::start(pod.client, built, mode, Work::Once, &variables).await?;
    running.ended(LIMIT).await?;
    Ok(running)
}
