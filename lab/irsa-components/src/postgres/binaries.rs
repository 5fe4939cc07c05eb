//! PostgreSQL's programs: from a given directory, or the pinned version from the cache.

use std::fs;
use std::path::{Path, PathBuf};

use super::{PostgresError, fetch, program};
use crate::run_as::RunAs;
use crate::{Progress, files};

/// A directory with working `initdb` and `postgres`.
#[derive(Debug, Clone)]
pub struct PostgresBinaries {
    folder: PathBuf,
    version: String,
    run_as: Option<RunAs>,
    /// The directory that they were downloaded to.
    home: Option<PathBuf>,
}

impl PostgresBinaries {
    /// Returns the programs in `explicit`, otherwise the pinned version ([`super::VERSION`]) from `cache`, after a
    /// download if the cache lacks it. `progress` gets a line before each step that takes long.
    ///
    /// # Errors
    /// The download failed or its digest is wrong, the programs do not run, or (as root) the account that will run
    /// PostgreSQL cannot read them.
    pub async fn locate(
        explicit: Option<&Path>,
        cache: &Path,
        progress: Progress<'_>,
    ) -> Result<Self, PostgresError> {
        if let Some(folder) = explicit {
            return Self::open(folder).await;
        }
        let home = fetch::pinned(cache, progress).await?;
        let fetched = Self::open(&home.join("bin")).await?;
        Ok(Self {
            home: Some(home),
            ..fetched
        })
    }

    /// The version: `17.11`, or that of the given directory.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The directory of the programs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The account that runs them; `None` for that of this process.
    pub fn run_as(&self) -> Option<&RunAs> {
        self.run_as.as_ref()
    }

    /// The directory in the cache; `None` for programs that were not downloaded.
    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn open(folder: &Path) -> Result<Self, PostgresError> {
        let folder = fs::canonicalize(folder).map_err(PostgresError::file("use", folder))?;
        let run_as = RunAs::unprivileged();
        files::ensure_reachable(&folder, run_as.as_ref())?;
        let mut binaries = Self {
            folder,
            version: String::new(),
            run_as,
            home: None,
        };
        binaries.ask_version("initdb").await?;
        binaries.version = binaries.ask_version("postgres").await?;
        Ok(binaries)
    }

    /// Runs `NAME --version`, which prints `postgres (PostgreSQL) 17.11` if the program works.
    async fn ask_version(&self, name: &str) -> Result<String, PostgresError> {
        let path = self.program(name);
        let mut command = crate::program::command(&path, self.run_as());
        command.arg("--version");
        let output = program::run(path, command).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text
            .split_whitespace()
            .nth(2)
            .unwrap_or("unknown")
            .to_owned())
    }
}
