//! Operate's and Zeebe's clients of OpenSearch: a program over the very libraries that the components use, configured
//! by the components' own variables, with the requests that they send.

mod sources;
mod told;
mod way;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use irsa_components::Progress;
use tempfile::TempDir;
use tokio::process::Command;

use crate::reference_apps::jvm::{self, Jvm};
use crate::reference_apps::{AppError, maven};
pub use told::{Kind, Told};
pub use way::{DomainWay, SearchClient, environment, environment_of_operate_8_3};

const NAME: &str = "opensearch-clients";
const CLASS: &str = "example.Main";
const LOG: &str = "log";

/// How long the program works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Its start and its work, once.
    Once,
    /// Its start, then requests at a steady rate.
    Steady {
        /// In whole seconds.
        length: Duration,
        /// Requests a second.
        rate: u32,
    },
}

/// A running program; it ends with this value.
#[derive(Debug)]
pub struct Running {
    jvm: Jvm,
    folder: TempDir,
}

/// Builds the program in the cache; the answer is the folder for [`Running::start`].
///
/// # Errors
/// [`AppError::Missing`] without Maven or a JDK, or the build fails.
pub async fn build(cache: &Path, progress: Progress<'_>) -> Result<PathBuf, AppError> {
    maven::build(&sources::PROJECT, cache, progress).await
}

/// The folders whose jars it runs with: through irsa nothing that signs.
pub fn libraries(way: &DomainWay) -> &'static [&'static str] {
    if way.signs() {
        &["lib", "signing"]
    } else {
        &["lib"]
    }
}

/// Its process in the pod of a component; files that it needs to find a lab are written into `folder`.
///
/// # Errors
/// There is no Java, or a file can't be written.
pub async fn command(
    client: SearchClient,
    built: &Path,
    folder: &Path,
    way: &DomainWay,
) -> Result<Command, AppError> {
    let mut command = jvm::command(&maven::java()?);
    if let DomainWay::ItsOwn {
        endpoint,
        ca_file,
        identity,
        ..
    } = way
    {
        command.args(jvm::with_aws_here(folder, &[endpoint], ca_file).await?);
        command.envs(identity);
    }
    command.envs(environment(client, way));
    command
        .arg("-cp")
        .arg(jvm::class_path(built, libraries(way)));
    command.args([CLASS, client.name()]);
    Ok(command)
}

impl Running {
    /// Starts it; `more` are variables besides those of [`environment`].
    ///
    /// # Errors
    /// There is no Java, or a file can't be written.
    pub async fn start(
        client: SearchClient,
        built: &Path,
        way: &DomainWay,
        work: Work,
        more: &[(&str, &str)],
    ) -> Result<Self, AppError> {
        let folder = TempDir::new().map_err(|error| AppError::failed("making a folder", error))?;
        let mut command = command(client, built, folder.path(), way).await?;
        command.envs(more.iter().copied());
        if let Work::Steady { length, rate } = work {
            command.args([length.as_secs().to_string(), rate.to_string()]);
        }
        let jvm = Jvm::start(NAME, command, folder.path().join(LOG))?;
        Ok(Self { jvm, folder })
    }

    /// What it told so far.
    pub fn told(&self) -> Vec<Told> {
        told::told(&self.jvm.log())
    }

    /// What it logged so far: the exceptions as the clients throw them.
    pub fn log(&self) -> String {
        told::log(&self.jvm.log())
    }

    /// Waits until it told what is looked for.
    ///
    /// # Errors
    /// [`AppError::Server`]: it ended, or `limit` passed.
    pub async fn until(
        &mut self,
        is_seen: impl Fn(&[Told]) -> bool,
        limit: Duration,
    ) -> Result<(), AppError> {
        let file = self.folder.path().join(LOG);
        let is_ready = async || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            is_seen(&told::told(&text))
        };
        self.jvm.until_ready(is_ready, limit).await
    }

    /// Waits for its end: whether every step succeeded.
    ///
    /// # Errors
    /// It still runs after `limit`.
    pub async fn ended(&mut self, limit: Duration) -> Result<bool, AppError> {
        let ended = self.jvm.ended(limit).await;
        let late = || AppError::failed(NAME, format!("still runs after {} s", limit.as_secs()));
        ended.map(|status| status.success()).ok_or_else(late)
    }
}
