//! The reference's applications, each through irsa and in its own way, in front of the same lab.

mod database;
mod search;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::reference_apps::keycloak::KeycloakHome;
use crate::reference_apps::{AppError, search_clients, web_modeler};

use crate::DemoError;
use crate::report::AppShown;
use crate::stage::Stage;

/// What the applications are run from.
#[derive(Debug)]
pub(crate) struct Applications {
    keycloak: KeycloakHome,
    web_modeler: PathBuf,
    search_clients: PathBuf,
}

/// Which of the two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ThroughIrsa,
    ItsOwn,
}

/// One after the other, each with the time that it took.
struct Runs<'a> {
    stage: &'a Stage,
    /// How many there will be.
    all: usize,
    shown: Vec<AppShown>,
}

// === impl Applications ===

impl Applications {
    /// Fetches and builds what is not there yet.
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

    /// Runs all of them.
    pub(crate) async fn show(&self, stage: &Stage) -> Result<Vec<AppShown>, DemoError> {
        let mut runs = Runs {
            stage,
            // Two on each data store, both ways.
            all: if stage.has_domain() { 8 } else { 4 },
            shown: Vec::new(),
        };
        for way in [Way::ThroughIrsa, Way::ItsOwn] {
            let keycloak = database::keycloak(stage, &self.keycloak, way);
            runs.add("Keycloak", way, keycloak).await?;
            let web_modeler = database::web_modeler(stage, &self.web_modeler, way);
            runs.add("Web Modeler", way, web_modeler).await?;
            if stage.has_domain() {
                let zeebe = search::zeebe(stage, &self.search_clients, way);
                runs.add("Zeebe's exporter", way, zeebe).await?;
                let operate = search::operate(stage, &self.search_clients, way);
                runs.add("Operate", way, operate).await?;
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
        way: Way,
        run: impl Future<Output = Result<String, DemoError>>,
    ) -> Result<(), DemoError> {
        let number = self.shown.len() + 1;
        let way = way.words();
        self.stage
            .say(&format!("{number} of {}: {name}, {way}", self.all));
        let begun = Instant::now();
        let shown = run.await?;
        self.shown.push(AppShown {
            application: name,
            way,
            shown,
            seconds: begun.elapsed().as_secs_f32(),
        });
        Ok(())
    }
}

// === impl Way ===

impl Way {
    fn words(self) -> &'static str {
        match self {
            Self::ThroughIrsa => "through irsa",
            Self::ItsOwn => "in its own way",
        }
    }
}

fn port_of(dial: &str) -> Result<u16, DemoError> {
    let port = dial
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    port.ok_or_else(|| DemoError::stage("reading an address", dial))
}
