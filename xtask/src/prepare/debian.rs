//! Programs from Debian packages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// The package of each program (`ensurepip` is the part of Python that creates virtual environments).
const PACKAGES: [(&str, &str); 20] = [
    ("aarch64-linux-gnu-gcc", "crossbuild-essential-arm64"),
    ("chromium", "chromium"),
    ("curl", "curl"),
    ("ensurepip", "python3-venv"),
    ("go", "golang-go"),
    ("java", "default-jdk-headless"),
    ("javac", "default-jdk-headless"),
    ("mvn", "maven"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("pg_recvlogical", "postgresql-client"),
    ("pgbench", "postgresql"),
    ("pgbouncer", "pgbouncer"),
    ("psql", "postgresql-client"),
    ("python3", "python3-venv"),
    ("qemu-aarch64", "qemu-user"),
    ("qemu-x86_64", "qemu-user"),
    ("umoci", "umoci"),
    ("wrk", "wrk"),
    ("x86_64-linux-gnu-gcc", "crossbuild-essential-amd64"),
];

/// Debian's directory for PostgreSQL's programs, with a subdirectory for each major version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Installs missing programs as root on Debian; otherwise prints which are missing.
pub(crate) fn install_missing<'a>(programs: impl Iterator<Item = &'a str>) {
    let missing: BTreeSet<&str> = programs.filter(|program| find(program).is_none()).collect();
    let packages: BTreeSet<&str> = missing
        .iter()
        .filter_map(|program| package(program))
        .collect();
    if packages.is_empty() {
        return;
    }
    let listed = packages.iter().copied().collect::<Vec<_>>().join(" ");
    if !(workspace::is_root() && Path::new("/etc/debian_version").exists()) {
        progress::note(&format!(
            "missing, and only root on Debian can install them from here: {listed}"
        ));
        return;
    }
    if let Err(failure) = progress::timed(&format!("install {listed}"), || install(&packages)) {
        progress::note(&format!("cannot install {listed}: {failure}"));
    }
}

/// Returns the path of a program: on `PATH`, otherwise in Debian's directory of the newest PostgreSQL.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    process::find(program).or_else(|| {
        let versions = fs::read_dir(POSTGRESQL)
            .ok()?
            .flatten()
            .map(|entry| entry.path());
        versions
            .map(|version| version.join("bin").join(program))
            .filter(|file| file.is_file())
            .max()
    })
}

fn package(program: &str) -> Option<&'static str> {
    PACKAGES
        .iter()
        .find(|(name, _)| *name == program)
        .map(|(_, package)| *package)
}

fn install(packages: &BTreeSet<&str>) -> Result<(), Failure> {
    process::quietly(apt().arg("update"))?;
    process::quietly(
        apt()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command
        // Automatic updates may hold the lock on a machine that has just started.
        .args(["--quiet", "-o", "DPkg::Lock::Timeout=120"])
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}
