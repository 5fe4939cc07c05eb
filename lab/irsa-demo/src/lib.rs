//! The chain shown and attacked: a lab, proxies and real queries in one command.
//!
//! Each scenario is a pod of its own: an environment, a token file, an `irsa proxy` process and a
//! stock client of PostgreSQL or OpenSearch. What AWS's side saw is read from the lab's ledger, what the client saw
//! from the client, and a scenario passes only if both are as expected.

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

/// What the demo needs.
pub struct DemoOptions {
    /// The `irsa` program, whose `proxy`, `token` and `whoami` are run.
    pub program: PathBuf,
    /// PostgreSQL's program folder, in place of a fetched one.
    pub postgres_bin: Option<PathBuf>,
    /// Where fetched programs are kept.
    pub cache_dir: PathBuf,
    /// Whether to show OpenSearch as well, which takes a Java.
    pub opensearch: bool,
    /// The Java that runs OpenSearch, if it is not to be looked for.
    pub java_home: Option<PathBuf>,
    /// Whether to run the reference's applications too, which takes a JDK, Maven and some minutes.
    pub applications: bool,
    /// Told of each step.
    pub progress: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Why the demo could not go on. A refusal that is missing is no such error: the report has it.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The lab did not start.
    #[error("{0}")]
    Lab(#[from] irsa_lab::LabError),
    /// An application can't be had, or did not reach its data store.
    #[error("{0}")]
    Application(#[from] crate::reference_apps::AppError),
    /// Something of the stage failed.
    #[error("{doing}: {problem}")]
    Stage {
        /// What was being done.
        doing: String,
        /// What happened.
        problem: String,
    },
}

/// Plays all of it. About 20 s; with the applications some minutes.
///
/// # Errors
/// The lab or a process could not be started, or an application did not reach its data store; not: an attack that went
/// through.
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
    // The applications' own ways may ask for metadata; irsa never does.
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
