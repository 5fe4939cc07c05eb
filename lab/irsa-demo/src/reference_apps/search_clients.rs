//! The OpenSearch clients of Operate and Zeebe: a program that uses the same libraries as the components, reads the
//! components' own variables, and sends the components' requests.

mod connection_mode;
mod event_log;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use irsa_components::Progress;
use tempfile::TempDir;
use tokio::process::Command;

use crate::reference_apps::jvm::{self, Jvm};
use crate::reference_apps::{AppError, maven};
pub use connection_mode::{DomainMode, SearchClient, environment, operate_8_3_environment};
pub use event_log::{Event, EventKind};

const NAME: &str = "opensearch-clients";
const CLASS: &str = "example.Main";
const LOG: &str = "log";

/// The amount of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The component's start and its work, once.
    Once,
    /// The component's start, then requests at a steady rate.
    Steady {
        /// Duration, in whole seconds.
        length: Duration,
        /// Requests per second.
        rate: u32,
    },
}

/// A running program. It ends when this value is dropped.
#[derive(Debug)]
pub struct Running {
    jvm: Jvm,
    folder: TempDir,
}

/// Builds the program in the cache and returns the directory for [`Running::start`].
///
/// # Errors
/// [`AppError::Missing`] without Maven or a JDK; or the build failed.
pub async fn build(cache: &Path, progress: Progress<'_>) -> Result<PathBuf, AppError> {
    maven::build(&sources::PROJECT, cache, progress).await
}

/// Returns the directories of its jars; through irsa they hold no signing library.
pub fn libraries(mode: &DomainMode) -> &'static [&'static str] {
    if mode.signs() {
        &["lib", "signing"]
    } else {
        &["lib"]
    }
}

/// Returns the program's command in the pod of a component. Files that it needs to find a lab are written into
/// `folder`.
///
/// # Errors
/// Java is missing, or a file cannot be written.
pub async fn command(
    client: SearchClient,
    built: &Path,
    folder: &Path,
    mode: &DomainMode,
) -> Result<Command, AppError> {
    let mut command = jvm::command(&maven::java()?);
    if let DomainMode::OwnSigning {
        endpoint,
        ca_file,
        identity,
        ..
    } = mode
    {
        command.args(jvm::with_aws_here(folder, &[endpoint], ca_file).await?);
        command.envs(identity);
    }
    command.envs(environment(client, mode));
    command
        .arg("-cp")
        .arg(jvm::class_path(built, libraries(mode)));
    command.args([CLASS, client.name()]);
    Ok(command)
}

impl Running {
    /// Starts the program; `variables` are set in addition to [`environment`].
    ///
    /// # Errors
    /// Java is missing, or a file cannot be written.
    pub async fn start(
        client: SearchClient,
        built: &Path,
        mode: &DomainMode,
        work: Work,
        variables: &[(&str, &str)],
    ) -> Result<Self, AppError> {
        let folder =
            TempDir::new().map_err(|error| AppError::failed("creating a directory", error))?;
        let mut command = command(client, built, folder.path(), mode).await?;
        command.envs(variables.iter().copied());
        if let Work::Steady { length, rate } = work {
            command.args([length.as_secs().to_string(), rate.to_string()]);
        }
        let jvm = Jvm::start(NAME, command, folder.path().join(LOG))?;
        Ok(Self { jvm, folder })
    }

    /// The events so far.
    pub fn events(&self) -> Vec<Event> {
        event_log::events(&self.jvm.log())
    }

    /// The log so far without the events: exceptions as the clients throw them.
    pub fn log(&self) -> String {
        event_log::other_lines(&self.jvm.log())
    }

    /// Waits until `is_seen` accepts the events so far.
    ///
    /// # Errors
    /// [`AppError::Server`]: the program ended, or `limit` passed.
    pub async fn until(
        &mut self,
        is_seen: impl Fn(&[Event]) -> bool,
        limit: Duration,
    ) -> Result<(), AppError> {
        let file = self.folder.path().join(LOG);
        let is_ready = async || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            is_seen(&event_log::events(&text))
        };
        self.jvm.until_ready(is_ready, limit).await
    }

    /// Waits for the program to end and returns whether every step succeeded.
    ///
    /// # Errors
    /// It still runs after `limit`.
    pub async fn ended(&mut self, limit: Duration) -> Result<bool, AppError> {
        let ended = self.jvm.ended(limit).await;
        let late = || AppError::failed(NAME, format!("still runs after {} s", limit.as_secs()));
        ended.map(|status| status.success()).ok_or_else(late)
    }
}
