//! The demo: the whole chain at work and under attack, with a lab, proxies and real queries.
//!
//! Each scenario is a separate pod: an environment, a token file, an `irsa proxy` process and a stock client of
//! PostgreSQL or OpenSearch. A scenario passes only if both sides agree: the lab's ledger records the expected outcome,
//! and the client sees it.

mod applications;
mod attacks;
mod client;
mod pod;
pub mod reference_apps;
mod report;
mod stage;
mod tour;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::report::{AppShown, Attack, DemoReport, LinkShown, Tour};

use self::applications::Applications;
use self::stage::Stage;

/// The options of a demo.
pub struct DemoOptions {
    /// The `irsa` program, which runs as `proxy`, `token` and `whoami`.
    pub program: PathBuf,
    /// Directory of PostgreSQL's programs, in place of a downloaded PostgreSQL.
    pub postgres_bin: Option<PathBuf>,
    /// Directory for downloaded programs.
    pub cache_dir: PathBuf,
    /// Whether to run OpenSearch, which needs Java.
    pub opensearch: bool,
    /// The Java that runs OpenSearch; without it, one is looked for.
    pub java_home: Option<PathBuf>,
    /// Whether to run the reference's applications, which needs a JDK, Maven and some minutes.
    pub applications: bool,
    /// Called with a description of each step.
    pub progress: Arc<dyn Fn(&str) + Send + Sync>,
}

/// The reason why the demo could not run to its end. An attack that succeeds is not an error: the report shows it.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The lab did not start.
    #[error("{0}")]
    Lab(#[from] irsa_lab::LabError),
    /// An application could not be built, or did not reach its data store.
    #[error("{0}")]
    Application(#[from] crate::reference_apps::AppError),
    /// A step of the demo failed.
    #[error("{doing}: {problem}")]
    Stage {
        /// The step.
        doing: String,
        /// The problem.
        problem: String,
    },
}

/// Runs the demo: about 20 s, or some minutes with the applications.
///
/// # Errors
/// The lab or a process could not be started, or an application did not reach its data store. An attack that succeeds
/// is not an error.
pub async fn run(options: DemoOptions) -> Result<DemoReport, DemoError> {
    let applications = if options.applications {
        Some(Applications::prepare(&options.cache_dir, &*options.progress).await?)
    } else {
        None
    };
    let stage = Stage::set(options).await?;
    let outcome = play(&stage, applications.as_ref()).await;
    stage.clear().await;
    outcome
}

async fn play(stage: &Stage, applications: Option<&Applications>) -> Result<DemoReport, DemoError> {
    let tours = tour::take(stage).await?;
    let attacks = attacks::run_all(stage).await?;
    // Counted before the applications run: their own signing may ask for metadata; irsa never does.
    let imds_requests = stage.imds_requests();
    let applications = match applications {
        Some(applications) => applications.show(stage).await?,
        None => Vec::new(),
    };
    Ok(DemoReport {
        tours,
        attacks,
        imds_requests,
        applications,
    })
}

impl DemoError {
    pub(crate) fn stage(doing: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        Self::Stage {
            doing: doing.into(),
            problem: problem.to_string(),
        }
    }
}

impl std::fmt::Debug for DemoOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoOptions")
            .field("program", &self.program)
            .field("postgres_bin", &self.postgres_bin)
            .field("cache_dir", &self.cache_dir)
            .field("opensearch", &self.opensearch)
            .field("java_home", &self.java_home)
            .field("applications", &self.applications)
            .finish_non_exhaustive()
    }
}
