//! Maven projects in `examples/`, built into the cache.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use irsa_components::Progress;
use tokio::process::Command;
use tokio::task::spawn_blocking;

use crate::reference_apps::AppError;
use crate::reference_apps::error::last_lines;

/// File with the names and contents that the build was made from.
const STAMP: &str = "made-from";
/// Maximum number of lines of Maven's output in an error.
const SHOWN_LINES: usize = 20;
const INSTALL_MAVEN: &str = "install Maven (Debian: `maven`)";
const INSTALL_JDK: &str =
    "install a JDK of version 17 or later (Debian: `openjdk-17-jdk-headless`)";

/// A Maven project whose sources are compiled into this program.
#[derive(Debug, Clone, Copy)]
pub struct Project {
    /// The project's name, also of its directory in the cache.
    pub name: &'static str,
    /// The path and content of each file.
    pub files: &'static [(&'static str, &'static str)],
    /// Maven's goal: `process-classes` or `package`.
    pub goal: &'static str,
}

/// Builds `project` in `cache`, unless the same build exists, and returns its directory: the project's pom has
/// `${irsa.build}` as its `<directory>`.
///
/// # Errors
/// [`AppError::Missing`] without Maven or a JDK; a failed build shows the end of Maven's output.
pub async fn build(
    project: &Project,
    cache: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf, AppError> {
    let doing = || format!("building {}", project.name);
    let failed = |error: io::Error| AppError::failed(doing(), error);
    let home = cache.join("apps").join(project.name);
    fs::create_dir_all(&home).map_err(failed)?;
    let _lock = lock(home.join(".lock")).await.map_err(failed)?;
    let (target, stamp) = (home.join("build"), stamp(project));
    if fs::read(home.join(STAMP)).is_ok_and(|made_from| made_from == stamp) {
        return Ok(target);
    }
    progress(&doing());
    let source = home.join("source");
    write_afresh(project, &source, &target).map_err(failed)?;
    run_maven(project, &source, &target).await?;
    fs::write(home.join(STAMP), stamp).map_err(failed)?;
    Ok(target)
}

/// Returns the Java that runs applications: that of `JAVA_HOME`, otherwise the one on `PATH`.
///
/// # Errors
/// [`AppError::Missing`] without a Java.
pub fn java() -> Result<PathBuf, AppError> {
    jdk_program("java")
}

pub(crate) fn jdk_program(program: &'static str) -> Result<PathBuf, AppError> {
    let home = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin").join(program));
    home.filter(|file| file.is_file())
        .or_else(|| on_path(program))
        .ok_or(AppError::Missing {
            program,
            remedy: INSTALL_JDK,
        })
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Locks the project: tests of several processes may build it at the same time.
async fn lock(file: PathBuf) -> io::Result<File> {
    let take = move || {
        let file = File::create(file)?;
        file.lock()?;
        Ok(file)
    };
    spawn_blocking(take).await.map_err(io::Error::other)?
}

fn stamp(project: &Project) -> Vec<u8> {
    let parts = project
        .files
        .iter()
        .flat_map(|(path, content)| [*path, *content]);
    let parts: Vec<&str> = [project.goal].into_iter().chain(parts).collect();
    parts.join("\n").into_bytes()
}

fn write_afresh(project: &Project, source: &Path, target: &Path) -> io::Result<()> {
    for folder in [source, target].iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(folder)?;
    }
    for (path, content) in project.files {
        let file = source.join(path);
        fs::create_dir_all(file.parent().unwrap_or(source))?;
        fs::write(file, content)?;
    }
    Ok(())
}

async fn run_maven(project: &Project, source: &Path, target: &Path) -> Result<(), AppError> {
    jdk_program("javac")?;
    let maven = on_path("mvn").ok_or(AppError::Missing {
        program: "mvn",
        remedy: INSTALL_MAVEN,
    })?;
    let mut command = Command::new(maven);
    command
        .args([
            "--batch-mode",
            "--quiet",
            "--no-transfer-progress",
            "--file",
        ])
        .arg(source.join("pom.xml"))
        .arg(format!("-Dirsa.build={}", target.display()))
        .arg(project.goal)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let doing = format!("building {} with `mvn {}`", project.name, project.goal);
    let output = command.output().await;
    let output = output.map_err(|error| AppError::failed(&doing, error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let said = last_lines(&said, SHOWN_LINES);
    Err(AppError::failed(
        doing,
        format!("{}\n{said}", output.status),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: Project = Project {
        name: "nothing",
        files: &[("pom.xml", "<project/>"), ("src/a/B.java", "class B {}")],
        goal: "process-classes",
    };

    #[tokio::test]
    async fn a_project_is_built_once() {
        let cache = tempfile::tempdir().unwrap();
        let home = cache.path().join("apps/nothing");
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join(STAMP), stamp(&PROJECT)).unwrap();
        let built = build(&PROJECT, cache.path(), &|_| {}).await.unwrap();
        assert_eq!(built, home.join("build"));
        assert!(!home.join("source").exists(), "it was built again");
    }

    #[test]
    fn different_content_gives_a_different_stamp() {
        let files = &[
            ("pom.xml", "<project></project>"),
            ("src/a/B.java", "class B {}"),
        ];
        assert_ne!(stamp(&PROJECT), stamp(&Project { files, ..PROJECT }));
        let goal = "package";
        assert_ne!(stamp(&PROJECT), stamp(&Project { goal, ..PROJECT }));
    }

    #[test]
    fn new_sources_replace_old_ones() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("source"), folder.path().join("build"));
        fs::create_dir_all(&source).unwrap();
        fs::write(source.join("Old.java"), "").unwrap();
        write_afresh(&PROJECT, &source, &target).unwrap();
        assert_eq!(
            fs::read_to_string(source.join("src/a/B.java")).unwrap(),
            "class B {}"
        );
        assert!(!source.join("Old.java").exists());
    }
}
