//! OpenSearch's files and the Java to run them on.

use std::path::{Path, PathBuf};

use super::java::Java;
use super::{OpenSearchError, home};
use crate::run_as::RunAs;
use crate::{Progress, files};

/// An OpenSearch that can be started.
#[derive(Debug, Clone)]
pub struct OpenSearchBinaries {
    home: PathBuf,
    java: Java,
    run_as: Option<RunAs>,
}

impl OpenSearchBinaries {
    /// Takes the pinned version ([`super::VERSION`]) from `cache`, fetched when it is not there yet, and a Java 11 to
    /// 21: the one of `java_home`, else of `OPENSEARCH_JAVA_HOME`, `JAVA_HOME`, `PATH` or `/usr/lib/jvm`. `progress`
    /// gets a line before each step that takes long.
    ///
    /// # Errors
    /// There is no such Java, the download failed or is not what is pinned, or (as root) the account that OpenSearch
    /// will run under can't reach it.
    pub async fn locate(
        java_home: Option<&Path>,
        cache: &Path,
        progress: Progress<'_>,
    ) -> Result<Self, OpenSearchError> {
        let run_as = RunAs::unprivileged();
        let java = Java::find(java_home, run_as.as_ref()).await?;
        let cache = std::path::absolute(cache).map_err(files::FileError::when("find", cache))?;
        let home = home::pinned(&cache, progress).await?;
        files::ensure_reachable(&home, run_as.as_ref())?;
        Ok(Self { home, java, run_as })
    }

    /// Whether there is a Java that [`Self::locate`] would take; nothing is fetched.
    ///
    /// # Errors
    /// There is none; the error says what was seen and what to install.
    pub async fn check_java(java_home: Option<&Path>) -> Result<(), OpenSearchError> {
        let found = Java::find(java_home, RunAs::unprivileged().as_ref()).await;
        found.map(drop)
    }

    /// The folder that all nodes share.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The program `java`.
    pub fn java(&self) -> &Path {
        &self.java.program
    }

    /// Its major version.
    pub fn java_version(&self) -> u32 {
        self.java.version
    }

    /// The account that it runs under; `None`: the own one.
    pub fn run_as(&self) -> Option<&RunAs> {
        self.run_as.as_ref()
    }
}
