//! Web Modeler's stack: a service of Spring Boot, HikariCP and Flyway over PostgreSQL, configured by its environment
//! alone. It stands in for the vendor's `restapi`, whose terms don't let it be used here.

mod sources;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use irsa_components::Progress;
use tempfile::TempDir;
use tokio::process::Command;

use crate::reference_apps::jvm::{self, Jvm};
use crate::reference_apps::{AppError, Database, DatabaseWay, maven};

const NAME: &str = "web-modeler";
/// How long a start may take; it takes seconds.
const START_TIMEOUT: Duration = Duration::from_mins(3);
/// What it logs when it listens.
const LISTENS: &str = "Tomcat started on port ";

/// A running service, on a free port; it ends with this value.
#[derive(Debug)]
pub struct WebModeler {
    jvm: Jvm,
    _folder: TempDir,
    port: u16,
}

/// Builds it in the cache; the answer is the folder for [`WebModeler::start`].
///
/// # Errors
/// [`AppError::Missing`] without Maven or a JDK, or the build fails.
pub async fn build(cache: &Path, progress: Progress<'_>) -> Result<PathBuf, AppError> {
    maven::build(&sources::PROJECT, cache, progress).await
}

/// The variables of its container, as the guide shows them. There is no password.
pub fn environment(database: &Database, way: &DatabaseWay) -> BTreeMap<String, String> {
    let driver = matches!(way, DatabaseWay::ItsOwn { .. }).then_some((
        "SPRING_DATASOURCE_DRIVER_CLASS_NAME",
        "software.amazon.jdbc.Driver".to_owned(),
    ));
    [
        ("SPRING_DATASOURCE_URL", way.jdbc_url(&database.name)),
        ("SPRING_DATASOURCE_USERNAME", database.user.clone()),
    ]
    .into_iter()
    .chain(driver)
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The folders whose jars it runs with: through irsa nothing that signs.
pub fn libraries(way: &DatabaseWay) -> &'static [&'static str] {
    match way {
        DatabaseWay::ThroughIrsa { .. } => &["lib"],
        DatabaseWay::ItsOwn { .. } => &["lib", "signing"],
    }
}

impl WebModeler {
    /// Starts it and waits until it serves requests; `more` are variables besides those of [`environment`].
    ///
    /// # Errors
    /// [`AppError::Server`] with the end of its log: it ended, as it does without its database, or it took too long.
    pub async fn start(
        built: &Path,
        database: &Database,
        way: &DatabaseWay,
        more: &[(&str, &str)],
    ) -> Result<Self, AppError> {
        let folder = TempDir::new().map_err(|error| AppError::failed("making a folder", error))?;
        let mut command = command(built, folder.path(), way).await?;
        command.envs(environment(database, way));
        command.env("SERVER_PORT", "0").envs(more.iter().copied());
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

    /// Where it serves requests: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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

/// Its process, with the pod's identity where it signs for itself.
async fn command(built: &Path, folder: &Path, way: &DatabaseWay) -> Result<Command, AppError> {
    let mut command = jvm::command(&maven::java()?);
    way.equip(&mut command, folder).await?;
    command
        .arg("-cp")
        .arg(jvm::class_path(built, libraries(way)));
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
    fn through_irsa_there_is_no_word_of_aws() {
        let way = DatabaseWay::ThroughIrsa {
            host: "localhost".to_owned(),
            port: 5432,
        };
        let text = format!("{:?}", environment(&database(), &way));
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
    fn the_port_that_is_signed_for_is_told_only_where_another_is_dialled() {
        let way = |port| DatabaseWay::ItsOwn {
            endpoint: "db.example.com".to_owned(),
            sign_port: 5432,
            port,
            ca_file: "/ca.pem".into(),
            identity: BTreeMap::new(),
        };
        let url = |port| environment(&database(), &way(port))["SPRING_DATASOURCE_URL"].clone();
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
