//! PostgreSQL's programs: a folder that was named, or the pinned version from the cache.

use std::fs;
use std::path::{Path, PathBuf};

use super::{PostgresError, fetch, program};
use crate::run_as::RunAs;
use crate::{Progress, files};

/// A folder with working `initdb` and `postgres`.
#[derive(Debug, Clone)]
pub struct PostgresBinaries {
    folder: PathBuf,
    version: String,
    run_as: Option<RunAs>,
    /// Where they were fetched to.
    home: Option<PathBuf>,
}

impl PostgresBinaries {
    /// Takes the programs of `explicit`, else the pinned version ([`super::VERSION`]) from `cache`, fetched when it is
    /// not there yet. `progress` gets a line before each step that takes long.
    ///
    /// # Errors
    /// The download failed or is not what is pinned, the programs don't run, or (as root) the account that
    /// PostgreSQL will run under can't reach them.
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

    /// `17.11`, or what the named folder has.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The folder of the programs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The account that they run under; `None`: the own one.
    pub fn run_as(&self) -> Option<&RunAs> {
        self.run_as.as_ref()
    }

    /// The folder in the cache that holds them; `None` for programs that were not fetched.
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

    /// Runs `NAME --version`, which answers `postgres (PostgreSQL) 17.11`: shows that the program works at all.
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
