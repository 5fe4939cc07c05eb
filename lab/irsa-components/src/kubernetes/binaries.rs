//! The server program in the cache, built once from the sources beside this crate.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use super::KubernetesError;
use crate::files::FileError;
use crate::log_file::last_lines;
use crate::{Progress, cache, sha256};

/// The version of Kubernetes that `go.mod` pins.
pub const VERSION: &str = "v1.35.4";

/// A separate Go module, so that Kubernetes' version pins and replacements do not affect others.
const SOURCES: [(&str, &str); 3] = [
    ("go.mod", include_str!("../../kubernetes/go.mod")),
    ("go.sum", include_str!("../../kubernetes/go.sum")),
    ("main.go", include_str!("../../kubernetes/main.go")),
];
/// The `go` line of `go.mod` is 1.25.
const LEAST_GO: u32 = 25;
/// The package with the version that Kubernetes reports.
const VERSION_PACKAGE: &str = "k8s.io/component-base/version";
/// Number of digits of the sources' digest in the name of the build.
const STAMP: usize = 12;

/// A Kubernetes that is ready to start.
#[derive(Debug, Clone)]
pub struct KubernetesBinaries {
    program: PathBuf,
}

impl KubernetesBinaries {
    /// Returns the pinned version ([`VERSION`]) from `cache`, after a build if the cache lacks it: that takes minutes,
    /// about 2 GB of memory and, in Go's own caches, 3 GB of disk. `progress` gets a line before that.
    ///
    /// # Errors
    /// It must be built and Go is missing, or the build failed.
    pub async fn locate(cache: &Path, progress: Progress<'_>) -> Result<Self, KubernetesError> {
        let cache = std::path::absolute(cache).map_err(FileError::when("find", cache))?;
        let shelf = cache.join("kubernetes");
        let program = shelf.join(format!("{VERSION}-{}", stamp()));
        if program.is_file() {
            return Ok(Self { program });
        }
        cache::create_public_folder(&shelf).map_err(FileError::when("create", &shelf))?;
        let lock = shelf.join(".lock");
        let _lock = cache::lock(&lock, progress)
            .await
            .map_err(FileError::when("lock", lock))?;
        if !program.is_file() {
            build(&shelf, &program, progress).await?;
        }
        Ok(Self { program })
    }

    /// The program, whose first argument selects the server.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// Returns a digest of the sources.
fn stamp() -> String {
    let all: String = SOURCES
        .iter()
        .flat_map(|(name, text)| [*name, "\n", *text])
        .collect();
    let mut digest = sha256::hex(all.as_bytes());
    digest.truncate(STAMP);
    digest
}

/// Builds beside `program`, then renames the result into place.
async fn build(
    shelf: &Path,
    program: &Path,
    progress: Progress<'_>,
) -> Result<(), KubernetesError> {
    let go = find_go().await?;
    cache::sweep(shelf);
    progress(&format!(
        "building Kubernetes {VERSION} into `{}` (3 to 4 minutes, once)",
        shelf.display()
    ));
    let staging =
        TempDir::with_prefix_in(".building-", shelf).map_err(FileError::when("write to", shelf))?;
    for (name, text) in SOURCES {
        let file = staging.path().join(name);
        fs::write(&file, text).map_err(FileError::when("write", file))?;
    }
    run(&go, staging.path()).await?;
    let built = staging.path().join("kubernetes");
    cache::open_tree(staging.path()).map_err(FileError::when("make readable", staging.path()))?;
    Ok(fs::rename(built, program).map_err(FileError::when("create", program))?)
}

/// Runs Go in the user's environment, which configures the module proxy and Go's caches.
async fn run(go: &Path, folder: &Path) -> Result<(), KubernetesError> {
    let mut command = Command::new(go);
    command
        .args([
            "build",
            "-trimpath",
            "-ldflags",
            &linker_flags(),
            "-o",
            "kubernetes",
            ".",
        ])
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=readonly -buildvcs=false")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command
        .output()
        .await
        .map_err(|source| KubernetesError::Run {
            program: go.to_owned(),
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(KubernetesError::Build {
        status: output.status,
        output: last_lines(&String::from_utf8_lossy(&output.stderr)),
    })
}

/// Returns linker flags: no symbols, and the reported version.
fn linker_flags() -> String {
    let mut numbers = VERSION.trim_start_matches('v').split('.');
    let mut number = || numbers.next().unwrap_or_default();
    let (major, minor) = (number(), number());
    format!(
        "-s -w -X {VERSION_PACKAGE}.gitVersion={VERSION} -X {VERSION_PACKAGE}.gitMajor={major} \
         -X {VERSION_PACKAGE}.gitMinor={minor}"
    )
}

/// Returns the Go on PATH, if it is new enough.
async fn find_go() -> Result<PathBuf, KubernetesError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let go = env::split_paths(&path)
        .map(|folder| folder.join("go"))
        .find(|file| file.is_file())
        .ok_or(KubernetesError::NoGo { seen: None })?;
    let mut ask = Command::new(&go);
    ask.args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local");
    let output = ask.output().await.map_err(|source| KubernetesError::Run {
        program: go.clone(),
        source,
    })?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if minor(&version).is_some_and(|minor| minor >= LEAST_GO) {
        Ok(go)
    } else {
        Err(KubernetesError::NoGo {
            seen: Some(version),
        })
    }
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
    fn go_builds_the_pinned_version() {
        let pinned = format!("k8s.io/kubernetes {VERSION}");
        assert!(SOURCES[0].1.contains(&pinned), "go.mod lacks `{pinned}`");
    }

    #[test]
    fn the_minimum_go_is_that_of_its_module() {
        assert!(SOURCES[0].1.contains(&format!("\ngo 1.{LEAST_GO}.0\n")));
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
    fn the_version_is_set_in_three_forms() {
        let flags = linker_flags();
        for part in [".gitVersion=v1.35.4", ".gitMajor=1", ".gitMinor=35"] {
            assert!(flags.contains(part), "{flags}");
        }
    }
}
