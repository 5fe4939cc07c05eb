//! The commands that `kc.sh` would run. Without the shell in between, the process is Java itself and receives signals.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::{KeycloakHome, KeycloakOptions, environment};
use crate::reference_apps::{AppError, jvm};

/// The options of `kc.sh`, except for memory.
const OPTIONS: [&str; 9] = [
    "-Xms64m",
    "-Xmx512m",
    "-Dfile.encoding=UTF-8",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Dquarkus-log-max-startup-records=10000",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
];
/// The parts of a built home that a start only reads. It writes to `data`.
const SHARED: [&str; 4] = ["conf", "lib", "providers", "themes"];
/// The realm, which each start imports unless the database has it.
const REALM: &str = include_str!("realm.json");

/// Runs `kc.sh build` in `home`.
pub(super) async fn build(
    java: &Path,
    home: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<(), AppError> {
    let mut command = kc(jvm::command(java), home);
    command
        .arg("build")
        .envs(environment)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let failed = |problem: String| AppError::failed("building Keycloak", problem);
    let output = command.output().await;
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(failed(errors(&String::from_utf8_lossy(&said))))
}

/// Returns `kc.sh start --optimized --import-realm` for a built home, with `folder` for the files that it writes.
pub(super) async fn start(
    home: &KeycloakHome,
    built: &Path,
    folder: &Path,
    options: &KeycloakOptions,
) -> Result<Command, AppError> {
    lay_out(built, folder).map_err(|error| AppError::failed("preparing Keycloak", error))?;
    let mut command = jvm::command(home.java());
    options.mode.equip(&mut command, folder).await?;
    let mut command = kc(command, folder);
    command
        .args(["start", "--optimized", "--import-realm"])
        .envs(environment::alone())
        .envs(environment::all(options));
    Ok(command)
}

fn kc(mut java: Command, home: &Path) -> Command {
    java.args(OPTIONS)
        .arg(format!("-Dkc.home.dir={}", home.display()))
        .arg(format!(
            "-Djboss.server.config.dir={}",
            home.join("conf").display()
        ))
        .arg("-cp")
        .arg(home.join("lib/quarkus-run.jar"))
        .arg("io.quarkus.bootstrap.runner.QuarkusEntryPoint");
    java
}

fn lay_out(built: &Path, folder: &Path) -> io::Result<()> {
    for name in SHARED {
        symlink(built.join(name), folder.join(name))?;
    }
    let imports = folder.join("data/import");
    fs::create_dir_all(&imports)?;
    fs::write(imports.join("shop.json"), REALM)
}

/// Extracts the reason of a failure, which Keycloak prints in a line or two among pages of other output.
fn errors(output: &str) -> String {
    let lines = output.lines().filter(|line| line.starts_with("ERROR: "));
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() {
        crate::reference_apps::error::last_lines(output, 10)
    } else {
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_found_in_long_output() {
        let output = "DEBUG x\nERROR: Failed\n\tat a.B.c(B.java)\nERROR: Driver is not\nFor more";
        assert_eq!(errors(output), "ERROR: Failed\nERROR: Driver is not");
        assert_eq!(errors("what\n  at a.B\nelse"), "what\nelse");
    }

    #[test]
    fn a_start_writes_nothing_into_the_built_home() {
        let (built, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(built.path().join("lib")).unwrap();
        lay_out(built.path(), folder.path()).unwrap();
        assert!(folder.path().join("lib").is_dir());
        assert!(folder.path().join("data/import/shop.json").is_file());
        assert!(!built.path().join("data").exists());
    }
}
