//! The Java that runs OpenSearch: found, never downloaded.

use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use super::OpenSearchError;
use crate::files::ensure_reachable;
use crate::program;
use crate::run_as::RunAs;

/// The versions that OpenSearch 2.19 supports: later ones lack the security manager, which it requires.
const VERSIONS: RangeInclusive<u32> = 11..=21;
/// Time limit for `java -version`.
const PATIENCE: Duration = Duration::from_secs(20);
/// The directory in which Linux distributions install each Java.
const INSTALLED: &str = "/usr/lib/jvm";

/// A suitable Java.
#[derive(Debug, Clone)]
pub(super) struct Java {
    pub(super) program: PathBuf,
    pub(super) version: u32,
}

impl Java {
    /// Returns the Java in `home`; without it, the first suitable one of `OPENSEARCH_JAVA_HOME`, `JAVA_HOME`, `PATH`,
    /// and the installed ones.
    pub(super) async fn find(
        home: Option<&Path>,
        run_as: Option<&RunAs>,
    ) -> Result<Self, OpenSearchError> {
        let places = home.map_or_else(places, |home| vec![home.join("bin/java")]);
        let mut seen = Vec::new();
        for program in places.into_iter().filter(|program| program.is_file()) {
            let program = fs::canonicalize(&program).unwrap_or(program);
            match version(&program, run_as).await {
                Some(version) if VERSIONS.contains(&version) => {
                    return Ok(Self { program, version });
                }
                Some(version) => seen.push(format!("{version} in `{}`", program.display())),
                None => seen.push(format!("`{}` does not run", program.display())),
            }
        }
        Err(OpenSearchError::NoJava { seen })
    }
}

fn places() -> Vec<PathBuf> {
    let homes = ["OPENSEARCH_JAVA_HOME", "JAVA_HOME"].map(env::var_os);
    let homes = homes.into_iter().flatten().map(PathBuf::from);
    let mut places: Vec<PathBuf> = homes.map(|home| home.join("bin/java")).collect();
    let path = env::var_os("PATH").unwrap_or_default();
    places.extend(env::split_paths(&path).map(|folder| folder.join("java")));
    let installed = fs::read_dir(INSTALLED).into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = installed
        .map(|entry| entry.path().join("bin/java"))
        .collect();
    installed.sort();
    places.extend(installed);
    places
}

/// Returns the version, queried as the account that will run it; `None` if it fails.
async fn version(program: &Path, run_as: Option<&RunAs>) -> Option<u32> {
    ensure_reachable(program, run_as).ok()?;
    let mut command = program::command(program, run_as);
    let output = command.arg("-version").kill_on_drop(true).output();
    let output = timeout(PATIENCE, output).await.ok()?.ok()?;
    major(&String::from_utf8_lossy(&output.stderr))
}

/// Parses the major version: 17 for `openjdk version "17.0.15" 2025-04-15`, 8 for `java version "1.8.0_432"`.
fn major(text: &str) -> Option<u32> {
    let version = text.split('"').nth(1)?;
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit());
    let first = numbers.next()?.parse().ok()?;
    if first == 1 {
        numbers.next()?.parse().ok()
    } else {
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_old_and_new_versions() {
        for (text, version) in [
            ("openjdk version \"17.0.15\" 2025-04-15\n", Some(17)),
            ("openjdk version \"21-ea\" 2023-09-19\n", Some(21)),
            ("java version \"1.8.0_432\"\n", Some(8)),
            ("Error: could not find libjava.so\n", None),
        ] {
            assert_eq!(major(text), version, "{text}");
        }
    }

    #[tokio::test]
    async fn a_directory_without_java_is_an_error_with_a_remedy() {
        let empty = tempfile::tempdir().unwrap();
        let error = Java::find(Some(empty.path()), None).await.unwrap_err();
        assert!(error.to_string().contains("Java 11 to 21"), "{error}");
        assert!(error.remedy().unwrap().contains("JAVA_HOME"));
    }
}
