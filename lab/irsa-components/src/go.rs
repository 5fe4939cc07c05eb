//! Programs that Go builds once, from sources beside this crate, into the cache.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tempfile::TempDir;
use thiserror::Error;
use tokio::process::Command;

use crate::files::FileError;
use crate::log_file::last_lines;
use crate::{Progress, cache, sha256};

/// Number of digits of the sources' digest in the name of the program.
const STAMP: usize = 12;

/// A program in Go. It is a separate Go module, so that version pins and replacements do not affect others.
#[derive(Debug)]
pub(crate) struct GoProgram {
    /// Name, and directory in the cache.
    pub(crate) name: &'static str,
    /// Version of what is built.
    pub(crate) version: &'static str,
    /// Paths and contents of all source files.
    pub(crate) sources: &'static [(&'static str, &'static str)],
    /// Minor version of the oldest Go that builds it, as in `go.mod`.
    pub(crate) least_go: u32,
    /// Linker flags, besides those that leave out symbols.
    pub(crate) linker_flags: String,
    /// The duration of the build on two cores, for the user.
    pub(crate) duration: &'static str,
}

/// A program in Go is unavailable.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GoError {
    /// No suitable Go was found.
    #[error("no Go 1.{least} or later is on PATH{}", seen.as_ref().map(|seen| format!(" (only {seen})")).unwrap_or_default())]
    Missing {
        /// Minor version of the oldest suitable Go.
        least: u32,
        /// The version that was found instead.
        seen: Option<String>,
    },
    /// The build failed.
    #[error("go could not build {program} ({status}): {output}")]
    Build {
        /// Name and version of the program.
        program: String,
        /// Its exit status.
        status: ExitStatus,
        /// The end of its output.
        output: String,
    },
    /// Go could not be run.
    #[error("can't run `{}`", program.display())]
    Run {
        /// Its path.
        program: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A file or directory cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
}

// === impl GoError ===

impl GoError {
    /// Returns the remedy, if there is a single one.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => {
                Some("install a newer Go (https://go.dev/dl), which builds programs for the tests")
            }
            Self::Build { .. } => Some(
                "check that it has 4 GB of memory and can reach its module proxy (`go env GOPROXY`)",
            ),
            Self::File(error) => error.remedy(),
            Self::Run { .. } => None,
        }
    }
}

// === impl GoProgram ===

impl GoProgram {
    /// Returns the program's path in `cache`, after a build if the cache lacks it. `progress` gets a line before that.
    ///
    /// # Errors
    /// It must be built and Go is missing, or the build failed.
    pub(crate) async fn locate(
        &self,
        cache: &Path,
        progress: Progress<'_>,
    ) -> Result<PathBuf, GoError> {
        let cache = std::path::absolute(cache).map_err(FileError::when("find", cache))?;
        let folder = cache.join(self.name);
        let program = folder.join(format!("{}-{}", self.version, self.stamp()));
        if program.is_file() {
            return Ok(program);
        }
        cache::create_public_folder(&folder).map_err(FileError::when("create", &folder))?;
        let lock = folder.join(".lock");
        let _lock = cache::lock(&lock, progress)
            .await
            .map_err(FileError::when("lock", lock))?;
        if !program.is_file() {
            self.build(&folder, &program, progress).await?;
        }
        Ok(program)
    }

    /// Returns a digest of the sources.
    fn stamp(&self) -> String {
        let sources = self.sources.iter();
        let all: String = sources
            .flat_map(|(name, text)| [*name, "\n", *text])
            .collect();
        let mut digest = sha256::hex(all.as_bytes());
        digest.truncate(STAMP);
        digest
    }

    /// Builds beside `program`, then renames the result into place.
    async fn build(
        &self,
        folder: &Path,
        program: &Path,
        progress: Progress<'_>,
    ) -> Result<(), GoError> {
        let go = find_go(self.least_go).await?;
        cache::sweep(folder);
        progress(&format!(
            "building {} {} into `{}` ({}, once)",
            self.name,
            self.version,
            folder.display(),
            self.duration
        ));
        let staging = TempDir::with_prefix_in(".building-", folder)
            .map_err(FileError::when("write to", folder))?;
        for (name, text) in self.sources {
            write(&staging.path().join(name), text)?;
        }
        self.run(&go, staging.path()).await?;
        let built = staging.path().join("program");
        cache::open_tree(staging.path())
            .map_err(FileError::when("make readable", staging.path()))?;
        Ok(fs::rename(built, program).map_err(FileError::when("create", program))?)
    }

    /// Runs Go in the user's environment, which configures the module proxy and Go's caches.
    async fn run(&self, go: &Path, folder: &Path) -> Result<(), GoError> {
        let flags = format!("-s -w {}", self.linker_flags);
        let mut command = Command::new(go);
        command
            .args(["build", "-trimpath", "-ldflags", flags.trim_end()])
            .args(["-o", "program", "."])
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", "-mod=readonly -buildvcs=false")
            .env("GOTOOLCHAIN", "local")
            .env("GOWORK", "off")
            .current_dir(folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = command.output().await.map_err(cannot_run(go))?;
        if output.status.success() {
            return Ok(());
        }
        Err(GoError::Build {
            program: format!("{} {}", self.name, self.version),
            status: output.status,
            output: last_lines(&String::from_utf8_lossy(&output.stderr)),
        })
    }
}

/// Writes a source file, with its directory.
fn write(file: &Path, text: &str) -> Result<(), FileError> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(FileError::when("create", folder))?;
    fs::write(file, text).map_err(FileError::when("write", file))
}

/// Returns the Go on PATH, if it is new enough.
async fn find_go(least: u32) -> Result<PathBuf, GoError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let go = env::split_paths(&path)
        .map(|folder| folder.join("go"))
        .find(|file| file.is_file())
        .ok_or(GoError::Missing { least, seen: None })?;
    let mut ask = Command::new(&go);
    ask.args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local");
    let output = ask.output().await.map_err(cannot_run(&go))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if minor(&version).is_some_and(|minor| minor >= least) {
        Ok(go)
    } else {
        let seen = Some(version);
        Err(GoError::Missing { least, seen })
    }
}

fn cannot_run(program: &Path) -> impl FnOnce(std::io::Error) -> GoError {
    let program = program.to_owned();
    move |source| GoError::Run { program, source }
}

/// Parses the minor version: 26 for `go1.26.8` and `go1.26-X:exp`.
fn minor(version: &str) -> Option<u32> {
    let rest = version.strip_prefix("go1.")?;
    let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_minor_version_of_go() {
        for (version, expected) in [
            ("go1.26.8", Some(26)),
            ("go1.25rc1", Some(25)),
            ("devel go1.27", None),
            ("", None),
        ] {
            assert_eq!(minor(version), expected, "{version}");
        }
    }

    #[test]
    fn the_stamp_depends_on_names_and_contents() {
        let stamp = |sources| {
            let program = GoProgram {
                name: "example",
                version: "1",
                sources,
                least_go: 25,
                linker_flags: String::new(),
                duration: "a moment",
            };
            program.stamp()
        };
        let one = stamp(&[("main.go", "package main")]);
        assert_eq!(one.len(), STAMP);
        assert_ne!(one, stamp(&[("main.go", "package other")]));
        assert_ne!(one, stamp(&[("other.go", "package main")]));
    }
}
