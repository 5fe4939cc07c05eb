//! Keycloak, from its own distribution: stock through irsa, or with the AWS JDBC wrapper in its `providers/`.
//!
//! Two things are not as in a pod. Java is started by the command that `kc.sh` puts together, not by `kc.sh`; and it
//! is told to start quickly on a small machine.

mod command;
mod environment;
mod home;
mod login;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::reference_apps::jvm::Jvm;
use crate::reference_apps::{AppError, Database, DatabaseWay};
pub use environment::environment;
pub use home::{KeycloakHome, VERSION};
pub use login::{ADA, Login};

const NAME: &str = "Keycloak";
/// How long a start may take; the first one builds a schema, which takes half a minute on a small machine.
const START_TIMEOUT: Duration = Duration::from_mins(5);
/// What it logs when it serves requests.
const LISTENS: &str = "Listening on: http://127.0.0.1:";

/// How a Keycloak is started.
#[derive(Debug, Clone)]
pub struct KeycloakOptions {
    /// Its database.
    pub database: Database,
    /// How it gets there.
    pub way: DatabaseWay,
    /// Whether its transactions are XA's.
    pub xa: bool,
    /// Variables besides those of [`environment`], which they may replace.
    pub more: BTreeMap<String, String>,
    /// Jars for `providers/`, besides those that sign.
    pub providers: Vec<PathBuf>,
}

/// A Keycloak with the realm of [`ADA`]; it ends with this value.
#[derive(Debug)]
pub struct Keycloak {
    jvm: Jvm,
    log: PathBuf,
    _folder: TempDir,
}

impl KeycloakOptions {
    /// XA as the way allows, nothing else.
    pub fn new(database: Database, way: DatabaseWay) -> Self {
        Self {
            xa: matches!(way, DatabaseWay::ThroughIrsa { .. }),
            database,
            way,
            more: BTreeMap::new(),
            providers: Vec::new(),
        }
    }
}

impl Keycloak {
    /// Starts it, built before if it must be, and waits until it serves requests.
    ///
    /// # Errors
    /// It can't be built; or [`AppError::Server`] with the end of its log: it ended, as it does without its database.
    pub async fn start(home: &KeycloakHome, options: &KeycloakOptions) -> Result<Self, AppError> {
        let mut keycloak = Self::launch(home, options).await?;
        keycloak.until_ready().await?;
        Ok(keycloak)
    }

    /// Starts it and does not wait: for who wants to see it fail.
    ///
    /// # Errors
    /// It can't be built or run.
    pub async fn launch(home: &KeycloakHome, options: &KeycloakOptions) -> Result<Self, AppError> {
        let built = home.build(options, &|_| {}).await?;
        let folder = TempDir::new().map_err(|error| AppError::failed("making a folder", error))?;
        let command = command::start(home, &built, folder.path(), options).await?;
        let log = folder.path().join("log");
        let jvm = Jvm::start(NAME, command, log.clone())?;
        Ok(Self {
            jvm,
            log,
            _folder: folder,
        })
    }

    /// Waits until it serves requests.
    ///
    /// # Errors
    /// [`AppError::Server`] with the end of its log.
    pub async fn until_ready(&mut self) -> Result<(), AppError> {
        let log = self.log.clone();
        let is_ready = async || listening_port(&log).is_some();
        self.jvm.until_ready(is_ready, START_TIMEOUT).await
    }

    /// Where it serves requests: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        let port = listening_port(&self.log).unwrap_or_default();
        format!("http://127.0.0.1:{port}")
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.jvm.log()
    }

    /// Tells it to end and waits for that.
    ///
    /// # Errors
    /// It had to be killed.
    pub async fn stop(self) -> Result<(), AppError> {
        self.jvm.stop().await
    }
}

fn listening_port(log: &Path) -> Option<u16> {
    let text = fs::read_to_string(log).ok()?;
    let (_, rest) = text.split_once(LISTENS)?;
    rest.split_once('.')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        assert_eq!(listening_port(&log), None);
        let line =
            "started in 9.1s. Listening on: http://127.0.0.1:37193. Management interface listening";
        fs::write(&log, line).unwrap();
        assert_eq!(listening_port(&log), Some(37193));
    }

    #[test]
    fn xa_is_what_the_wrapper_can_not_do() {
        let database = Database {
            name: "d".to_owned(),
            user: "u".to_owned(),
        };
        let way = DatabaseWay::ThroughIrsa {
            host: "localhost".to_owned(),
            port: 5432,
        };
        assert!(KeycloakOptions::new(database, way).xa);
    }
}
