//! Web Modeler's stack: a service of Spring Boot, HikariCP and Flyway on PostgreSQL, configured by its environment. It
//! stands in for the vendor's `restapi`, whose license does not allow its use here.

mod sources;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use irsa_components::Progress;
use tempfile::TempDir;
use tokio::process::Command;

use crate::reference_apps::jvm::{self, Jvm};
use crate::reference_apps::{AppError, Database, DatabaseMode, maven};

const NAME: &str = "web-modeler";
/// Time limit for a start, which takes seconds.
const START_TIMEOUT: Duration = Duration::from_mins(3);
/// The log message that shows that the service listens.
const LISTENS: &str = "Tomcat started on port ";

/// A running service on a free port. It ends when this value is dropped.
#[derive(Debug)]
pub struct WebModeler {
    jvm: Jvm,
    _folder: TempDir,
    port: u16,
}

/// Builds the service in the cache and returns the directory for [`WebModeler::start`].
///
/// # Errors
/// [`AppError::Missing`] without Maven or a JDK; or the build failed.
pub async fn build(cache: &Path, progress: Progress<'_>) -> Result<PathBuf, AppError> {
    maven::build(&sources::PROJECT, cache, progress).await
}

/// Returns the variables of its container, as the guide shows them. They contain no password.
pub fn environment(database: &Database, mode: &DatabaseMode) -> BTreeMap<String, String> {
    let driver = matches!(mode, DatabaseMode::OwnSigning { .. }).then_some((
        "SPRING_DATASOURCE_DRIVER_CLASS_NAME",
        "software.amazon.jdbc.Driver".to_owned(),
    ));
    [
        ("SPRING_DATASOURCE_URL", mode.jdbc_url(&database.name)),
        ("SPRING_DATASOURCE_USERNAME", database.user.clone()),
    ]
    .into_iter()
    .chain(driver)
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Returns the directories of its jars; through irsa they hold no signing library.
pub fn libraries(mode: &DatabaseMode) -> &'static [&'static str] {
    match mode {
        DatabaseMode::ThroughIrsa { .. } => &["lib"],
        DatabaseMode::OwnSigning { .. } => &["lib", "signing"],
    }
}

impl WebModeler {
    /// Starts the service and waits until it serves requests; `variables` are set in addition to [`environment`].
    ///
    /// # Errors
    /// [`AppError::Server`] with the end of its log: the service ended, for example without its database, or took too
    /// long.
    pub async fn start(
        built: &Path,
        database: &Database,
        mode: &DatabaseMode,
        variables: &[(&str, &str)],
    ) -> Result<Self, AppError> {
        let folder =
            TempDir::new().map_err(|error| AppError::failed("creating a directory", error))?;
        let mut command = command(built, folder.path(), mode).await?;
        command.envs(environment(database, mode));
        command
            .env("SERVER_PORT", "0")
            .envs(variables.iter().copied());
        let log = folder.path().join("log");
        let mut jvm = Jvm::start(NAME, command, log.clone())?;
        let is_ready = async || listening_port(&log).is_some();
        jvm.until_ready(is_ready, START_TIMEOUT).await?;
        let port = listening_port(&log).unwrap_or_default();
        Ok(Self {
            jvm,
            _folder: folder,
            port,
        })
    }

    /// The base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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

/// Returns the command of the service, with the pod's identity if the mode signs.
async fn command(built: &Path, folder: &Path, mode: &DatabaseMode) -> Result<Command, AppError> {
    let mut command = jvm::command(&maven::java()?);
    mode.equip(&mut command, folder).await?;
    command
        .arg("-cp")
        .arg(jvm::class_path(built, libraries(mode)));
    command.arg("webmodeler.WebModeler");
    Ok(command)
}

fn listening_port(log: &Path) -> Option<u16> {
    let text = fs::read_to_string(log).ok()?;
    let (_, rest) = text.split_once(LISTENS)?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Database {
        Database {
            name: "webmodeler".to_owned(),
            user: "app".to_owned(),
        }
    }

    #[test]
    fn through_irsa_no_variable_mentions_aws() {
        let mode = DatabaseMode::ThroughIrsa {
            host: "localhost".to_owned(),
            port: 5432,
        };
        let text = format!("{:?}", environment(&database(), &mode));
        assert!(
            text.contains("jdbc:postgresql://localhost:5432/webmodeler"),
            "{text}"
        );
        assert!(
            !text.contains("aws") && !text.contains("PASSWORD"),
            "{text}"
        );
    }

    #[test]
    fn the_signed_port_is_set_only_if_it_differs_from_the_dialed_one() {
        let mode = |port| DatabaseMode::OwnSigning {
            endpoint: "db.example.com".to_owned(),
            sign_port: 5432,
            port,
            ca_file: "/ca.pem".into(),
            identity: BTreeMap::new(),
        };
        let url = |port| environment(&database(), &mode(port))["SPRING_DATASOURCE_URL"].clone();
        assert!(!url(5432).contains("iamDefaultPort"));
        assert!(url(1).ends_with("&iamDefaultPort=5432"), "{}", url(1));
    }

    #[test]
    fn the_port_is_read_from_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "INFO : Tomcat started on port 40123 (http) with").unwrap();
        assert_eq!(listening_port(&log), Some(40123));
        fs::write(&log, "INFO : Tomcat initialized with port 0 (http)").unwrap();
        assert_eq!(listening_port(&log), None);
    }
}
