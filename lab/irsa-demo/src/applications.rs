//! The reference's applications on one lab, each through irsa and with its own signing.

mod database;
mod search;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::reference_apps::keycloak::KeycloakHome;
use crate::reference_apps::{AppError, search_clients, web_modeler};

use crate::DemoError;
use crate::report::AppShown;
use crate::stage::Stage;

/// The builds of the applications.
#[derive(Debug)]
pub(crate) struct Applications {
    keycloak: KeycloakHome,
    web_modeler: PathBuf,
    search_clients: PathBuf,
}

/// How an application reaches its data store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    ThroughIrsa,
    OwnSigning,
}

/// The applications run so far, one after the other.
struct Runs<'a> {
    stage: &'a Stage,
    /// Number of all runs.
    all: usize,
    shown: Vec<AppShown>,
}

// === impl Applications ===

impl Applications {
    /// Downloads and builds what the cache lacks.
    pub(crate) async fn prepare(
        cache: &Path,
        progress: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Self, AppError> {
        Ok(Self {
            web_modeler: web_modeler::build(cache, progress).await?,
            search_clients: search_clients::build(cache, progress).await?,
            keycloak: KeycloakHome::locate(cache, progress).await?,
        })
    }

    /// Runs all applications.
    pub(crate) async fn show(&self, stage: &Stage) -> Result<Vec<AppShown>, DemoError> {
        let mut runs = Runs {
            stage,
            // Two applications on each data store, in both modes.
            all: if stage.has_domain() { 8 } else { 4 },
            shown: Vec::new(),
        };
        for mode in [Mode::ThroughIrsa, Mode::OwnSigning] {
            let keycloak = database::keycloak(stage, &self.keycloak, mode);
            runs.add("Keycloak", mode, keycloak).await?;
            let web_modeler = database::web_modeler(stage, &self.web_modeler, mode);
            runs.add("Web Modeler", mode, web_modeler).await?;
            if stage.has_domain() {
                let zeebe = search::zeebe(stage, &self.search_clients, mode);
                runs.add("Zeebe's exporter", mode, zeebe).await?;
                let operate = search::operate(stage, &self.search_clients, mode);
                runs.add("Operate", mode, operate).await?;
            }
        }
        Ok(runs.shown)
    }
}

// === impl Runs ===

impl Runs<'_> {
    async fn add(
        &mut self,
        name: &'static str,
        mode: Mode,
        run: impl Future<Output = Result<String, DemoError>>,
    ) -> Result<(), DemoError> {
        let number = self.shown.len() + 1;
        let mode = mode.description();
        self.stage
            .say(&format!("{number} of {}: {name}, {mode}", self.all));
        let begun = Instant::now();
        let shown = run.await?;
        self.shown.push(AppShown {
            application: name,
            mode,
            shown,
            seconds: begun.elapsed().as_secs_f32(),
        });
        Ok(())
    }
}

// === impl Way ===

impl Mode {
    fn description(self) -> &'static str {
        match self {
            Self::ThroughIrsa => "through irsa",
            Self::OwnSigning => "with its own signing",
        }
    }
}

fn port_of(dial: &str) -> Result<u16, DemoError> {
    let port = dial
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    port.ok_or_else(|| DemoError::stage("reading an address", dial))
}
