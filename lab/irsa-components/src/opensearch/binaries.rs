//! OpenSearch's files, and the Java that runs them.

use std::path::{Path, PathBuf};

use super::java::Java;
use super::{OpenSearchError, home};
use crate::run_as::RunAs;
use crate::{Progress, files};

/// An OpenSearch that is ready to start.
#[derive(Debug, Clone)]
pub struct OpenSearchBinaries {
    home: PathBuf,
    java: Java,
    run_as: Option<RunAs>,
}

impl OpenSearchBinaries {
    /// Returns the pinned version ([`super::VERSION`]) from `cache`, after a download if the cache lacks it, and a Java
    /// 11 to 21: that of `java_home`, otherwise that of `OPENSEARCH_JAVA_HOME`, `JAVA_HOME`, `PATH` or `/usr/lib/jvm`.
    /// `progress` gets a line before each step that takes long.
    ///
    /// # Errors
    /// No suitable Java was found, the download failed or its digest is wrong, or (as root) the account that will run
    /// OpenSearch cannot read it.
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

    /// Checks for a Java that [`Self::locate`] would accept, without a download.
    ///
    /// # Errors
    /// No suitable Java was found; the error lists what was found and what to install.
    pub async fn check_java(java_home: Option<&Path>) -> Result<(), OpenSearchError> {
        let found = Java::find(java_home, RunAs::unprivileged().as_ref()).await;
        found.map(drop)
    }

    /// The directory that all nodes share.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The path of `java`.
    pub fn java(&self) -> &Path {
        &self.java.program
    }

    /// The major version of Java.
    pub fn java_version(&self) -> u32 {
        self.java.version
    }

    /// The account that runs it; `None` for that of this process.
    pub fn run_as(&self) -> Option<&RunAs> {
        self.run_as.as_ref()
    }
}
