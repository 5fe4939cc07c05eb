//! Keycloak from its own distribution: stock through irsa, or with the AWS JDBC wrapper in its `providers/`.
//!
//! Two things differ from a pod: the command that `kc.sh` would run is run directly, and Java has options for a quick
//! start on a small machine.

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
use crate::reference_apps::{AppError, Database, DatabaseMode};
pub use environment::environment;
pub use home::{KeycloakHome, VERSION};
pub use login::{ADA, Login};

const NAME: &str = "Keycloak";
/// Time limit for a start. The first one builds the schema, which takes half a minute on a small machine.
const START_TIMEOUT: Duration = Duration::from_mins(5);
/// The log message that shows that Keycloak serves requests.
const LISTENS: &str = "Listening on: http://127.0.0.1:";

/// The options of a Keycloak.
#[derive(Debug, Clone)]
pub struct KeycloakOptions {
    /// Its database.
    pub database: Database,
    /// How it reaches its database.
    pub mode: DatabaseMode,
    /// Whether it uses XA transactions.
    pub xa: bool,
    /// Additional variables; they override those of [`environment`].
    pub more: BTreeMap<String, String>,
    /// Additional jars for `providers/`.
    pub providers: Vec<PathBuf>,
}

/// A running Keycloak with the realm of [`ADA`]. It ends when this value is dropped.
#[derive(Debug)]
pub struct Keycloak {
    jvm: Jvm,
    log: PathBuf,
    _folder: TempDir,
}

impl KeycloakOptions {
    /// Returns the defaults; XA is on where the mode supports it.
    pub fn new(database: Database, mode: DatabaseMode) -> Self {
        Self {
            xa: matches!(mode, DatabaseMode::ThroughIrsa { .. }),
            database,
            mode,
            more: BTreeMap::new(),
            providers: Vec::new(),
        }
    }
}

impl Keycloak {
    /// Starts Keycloak, after a build if the cache lacks one, and waits until it serves requests.
    ///
    /// # Errors
    /// The build failed; or [`AppError::Server`] with the end of the log, for example without its database.
    pub async fn start(home: &KeycloakHome, options: &KeycloakOptions) -> Result<Self, AppError> {
        let mut keycloak = Self::launch(home, options).await?;
        keycloak.until_ready().await?;
        Ok(keycloak)
    }

    /// Starts Keycloak without waiting, for tests that expect it to fail.
    ///
    /// # Errors
    /// It cannot be built or started.
    pub async fn launch(home: &KeycloakHome, options: &KeycloakOptions) -> Result<Self, AppError> {
        let built = home.build(options, &|_| {}).await?;
        let folder =
            TempDir::new().map_err(|error| AppError::failed("creating a directory", error))?;
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

    /// The base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        let port = listening_port(&self.log).unwrap_or_default();
        format!("http://127.0.0.1:{port}")
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.jvm.log()
    }

    /// Sends SIGTERM and waits.
    ///
    /// # Errors
    /// The process had to be killed.
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
    fn xa_is_off_with_the_jdbc_wrapper() {
        let database = Database {
            name: "d".to_owned(),
            user: "u".to_owned(),
        };
        let mode = DatabaseMode::ThroughIrsa {
            host: "localhost".to_owned(),
            port: 5432,
        };
        assert!(KeycloakOptions::new(database, mode).xa);
    }
}
