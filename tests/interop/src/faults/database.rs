//! Faults of links to a database.

mod stage;
mod ten;

use std::path::PathBuf;

use irsa_demo::reference_apps::keycloak::{Keycloak, KeycloakHome, KeycloakOptions};
use irsa_demo::reference_apps::web_modeler::WebModeler;
use irsa_demo::reference_apps::{AppError, Database, DatabaseMode};
use irsa_lab::faults::{FaultPlan, catalogue};
use irsa_lab::ledger::{LedgerSnapshot, Outcome, Service};

use super::{Row, Said, words};
use crate::Error;

pub use stage::{DatabaseStage, Pod};

/// An application that uses a database.
#[derive(Debug)]
pub enum Application {
    /// Web Modeler's stack, built in this directory.
    WebModeler(PathBuf),
    /// Keycloak, without XA when it signs.
    Keycloak(KeycloakHome),
}

/// A function that breaks something in a pod.
type Setter = fn(&mut Pod<'_>) -> Result<(), Error>;

/// A fault, and how to set it in the pod or the lab.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseFault {
    /// Its ID in the lab's catalogue.
    pub id: &'static str,
    /// Sets up the pod, if the catalogue cannot.
    set: Option<Setter>,
}

/// The ten faults, in the order of the chain.
pub const FAULTS: [DatabaseFault; 10] = ten::TEN;

/// Runs an application with all faults.
///
/// # Errors
/// The lab or the application could not run at all.
pub async fn table(application: &Application) -> Result<Vec<Row>, Error> {
    let stage = DatabaseStage::set(application.name(), None).await?;
    let mut rows = Vec::new();
    for fault in &FAULTS {
        rows.push(row(&stage, application, fault).await?);
    }
    stage.strike().await;
    Ok(rows)
}

/// Runs an application with one link broken, with its own signing and through irsa.
///
/// # Errors
/// The fault could not be set, or the application could not run at all.
pub async fn row(
    stage: &DatabaseStage,
    application: &Application,
    fault: &DatabaseFault,
) -> Result<Row, Error> {
    let mut pod = stage.pod()?;
    let found = catalogue::find(fault.id)?;
    match fault.set {
        Some(set) => set(&mut pod)?,
        None => pod.break_by(found.mechanism)?,
    }
    stage.break_links(&pod.plan).await?;
    // Both modes run concurrently.
    let (own, irsa) = tokio::join!(
        own_signing(stage, application, &pod),
        through_irsa(application, &pod)
    );
    stage.break_links(&FaultPlan::default()).await?;
    Ok(Row {
        fault: found,
        own: own?,
        irsa: irsa?,
    })
}

async fn own_signing(
    stage: &DatabaseStage,
    application: &Application,
    pod: &Pod<'_>,
) -> Result<Said, Error> {
    let before = stage.lab().ledger();
    let mode = pod.own_signing()?;
    match application.serves(&pod.database(), &mode).await {
        Ok(()) => Ok(Said::Nothing(acted_as(stage, &before))),
        Err(AppError::Server { log, .. }) => Ok(Said::Words(
            words::from_java(&log).ok_or_else(|| format!("no cause in:\n{log}"))?,
        )),
        Err(error) => Err(error.into()),
    }
}

async fn through_irsa(application: &Application, pod: &Pod<'_>) -> Result<Said, Error> {
    let proxy = match pod.proxy() {
        Ok(proxy) => proxy,
        Err(refusal) => {
            let said = words::from_refusal(&refusal.to_string());
            return said.map(Said::Words).ok_or(refusal);
        }
    };
    let mode = pod.through(&proxy);
    match application.serves(&pod.database(), &mode).await {
        Ok(()) => Ok(Said::Nothing("it runs".to_owned())),
        Err(AppError::Server { .. }) => {
            let log = proxy.log();
            Ok(Said::Words(
                words::from_irsa(&log).ok_or_else(|| format!("no cause in:\n{log}"))?,
            ))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the identity of an application that runs despite the fault.
fn acted_as(stage: &DatabaseStage, before: &LedgerSnapshot) -> String {
    let after = stage.lab().ledger();
    let grew = |service, operation| {
        let count = |ledger: &LedgerSnapshot| ledger.count(service, operation, Outcome::Served);
        count(&after) > count(before)
    };
    if grew(Service::Imds, "credentials") {
        let node = stage.lab().facts().node_role_arn.name();
        format!("it runs, with the permissions of the node's role `{node}`")
    } else {
        "it runs".to_owned()
    }
}

// === impl Application ===

impl Application {
    /// Returns its name in the world, which is also that of its database and user.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WebModeler(_) => "webmodeler",
            Self::Keycloak(_) => "keycloak",
        }
    }

    /// Returns the guide with its table.
    pub fn guide(&self) -> &'static str {
        match self {
            Self::WebModeler(_) => "web-modeler",
            Self::Keycloak(_) => "keycloak",
        }
    }

    /// Starts it, and stops it after it serves requests.
    async fn serves(&self, database: &Database, mode: &DatabaseMode) -> Result<(), AppError> {
        match self {
            Self::WebModeler(built) => {
                let running = WebModeler::start(built, database, mode, &[]).await?;
                running.stop().await
            }
            Self::Keycloak(home) => {
                let options = KeycloakOptions::new(database.clone(), mode.clone());
                Keycloak::start(home, &options).await?.stop().await
            }
        }
    }
}
