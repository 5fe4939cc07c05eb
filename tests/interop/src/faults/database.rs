//! Faults on the way to a database.

mod stage;
mod ten;

use std::path::PathBuf;

use irsa_demo::reference_apps::keycloak::{Keycloak, KeycloakHome, KeycloakOptions};
use irsa_demo::reference_apps::web_modeler::WebModeler;
use irsa_demo::reference_apps::{AppError, Database, DatabaseWay};
use irsa_lab::faults::{FaultPlan, catalogue};
use irsa_lab::ledger::{LedgerSnapshot, Outcome, Service};

use super::{Row, Said, words};
use crate::Error;

pub use stage::{DatabaseStage, Pod};

/// An application that keeps its data in a database.
#[derive(Debug)]
pub enum Application {
    /// Web Modeler's stack, built in this folder.
    WebModeler(PathBuf),
    /// Keycloak, whose own way has no XA.
    Keycloak(KeycloakHome),
}

/// Breaks something in a pod.
type Setter = fn(&mut Pod<'_>) -> Result<(), Error>;

/// A fault, and how the pod or the lab is set for it.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseFault {
    /// Its id in the lab's catalogue.
    pub id: &'static str,
    /// Sets the pod, where the catalogue leaves that to the pod.
    set: Option<Setter>,
}

/// The ten faults, in the order of the chain.
pub const FAULTS: [DatabaseFault; 10] = ten::TEN;

/// Runs an application through all faults.
///
/// # Errors
/// The lab or the application could not be run at all.
pub async fn table(application: &Application) -> Result<Vec<Row>, Error> {
    let stage = DatabaseStage::set(application.name(), None).await?;
    let mut rows = Vec::new();
    for fault in &FAULTS {
        rows.push(row(&stage, application, fault).await?);
    }
    stage.strike().await;
    Ok(rows)
}

/// Runs an application with one link broken, its own way and through irsa.
///
/// # Errors
/// The fault could not be set, or the application not be run at all.
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
    // The two need not wait for each other.
    let (own, irsa) = tokio::join!(
        its_own_way(stage, application, &pod),
        through_irsa(application, &pod)
    );
    stage.break_links(&FaultPlan::default()).await?;
    Ok(Row {
        fault: found,
        own: own?,
        irsa: irsa?,
    })
}

async fn its_own_way(
    stage: &DatabaseStage,
    application: &Application,
    pod: &Pod<'_>,
) -> Result<Said, Error> {
    let before = stage.lab().ledger();
    let way = pod.its_own_way()?;
    match application.serves(&pod.database(), &way).await {
        Ok(()) => Ok(Said::Nothing(acted_as(stage, &before))),
        Err(AppError::Server { log, .. }) => Ok(Said::Words(
            words::of_java(&log).ok_or_else(|| format!("no cause in:\n{log}"))?,
        )),
        Err(error) => Err(error.into()),
    }
}

async fn through_irsa(application: &Application, pod: &Pod<'_>) -> Result<Said, Error> {
    let proxy = match pod.proxy() {
        Ok(proxy) => proxy,
        Err(refusal) => {
            let said = words::of_refusal(&refusal.to_string());
            return said.map(Said::Words).ok_or(refusal);
        }
    };
    let way = pod.through(&proxy);
    match application.serves(&pod.database(), &way).await {
        Ok(()) => Ok(Said::Nothing("it runs".to_owned())),
        Err(AppError::Server { .. }) => {
            let log = proxy.log();
            Ok(Said::Words(
                words::of_irsa(&log).ok_or_else(|| format!("no cause in:\n{log}"))?,
            ))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whose credentials an application got that runs all the same.
fn acted_as(stage: &DatabaseStage, before: &LedgerSnapshot) -> String {
    let after = stage.lab().ledger();
    let grew = |service, operation| {
        let count = |ledger: &LedgerSnapshot| ledger.count(service, operation, Outcome::Served);
        count(&after) > count(before)
    };
    if grew(Service::Imds, "credentials") {
        let node = stage.lab().facts().node_role_arn.name();
        format!("it runs, with what the node's role `{node}` may do")
    } else {
        "it runs".to_owned()
    }
}

// === impl Application ===

impl Application {
    /// Its name in the world, and that of its database and user.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WebModeler(_) => "webmodeler",
            Self::Keycloak(_) => "keycloak",
        }
    }

    /// The guide with its table.
    pub fn guide(&self) -> &'static str {
        match self {
            Self::WebModeler(_) => "web-modeler",
            Self::Keycloak(_) => "keycloak",
        }
    }

    /// Starts it, and stops it once it serves.
    async fn serves(&self, database: &Database, way: &DatabaseWay) -> Result<(), AppError> {
        match self {
            Self::WebModeler(built) => {
                let running = WebModeler::start(built, database, way, &[]).await?;
                running.stop().await
            }
            Self::Keycloak(home) => {
                let options = KeycloakOptions::new(database.clone(), way.clone());
                Keycloak::start(home, &options).await?.stop().await
            }
        }
    }
}
