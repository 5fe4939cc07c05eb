//! The preparation of each client program from its directory in `tests/interop/clients`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::install_missing;
use crate::failure::Failure;
use crate::process;

/// A client program: its directory, the programs that it needs, and the function that prepares it.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) needs: &'static [&'static str],
    pub(super) make: fn(&Path, &Path) -> Result<(), Failure>,
}

pub(super) const CLIENTS: [Client; 7] = [
    Client {
        name: "python",
        needs: &["python3"],
        make: python,
    },
    Client {
        name: "node",
        needs: &["node", "npm"],
        make: node,
    },
    Client {
        name: "go",
        needs: &["go"],
        make: go,
    },
    Client {
        name: "collector",
        needs: &["go"],
        make: collector,
    },
    Client {
        name: "java",
        needs: &["java", "javac", "mvn"],
        make: java,
    },
    Client {
        name: "moto",
        needs: &["python3"],
        make: python,
    },
    Client {
        name: "kubernetes-validate",
        needs: &["python3"],
        make: python,
    },
];

/// Returns the names and contents of all files in the directory, which identify the sources.
pub(super) fn stamp(folder: &Path) -> Result<Vec<u8>, Failure> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut stamp = Vec::new();
    for file in files {
        stamp.extend(
            file.strip_prefix(folder)
                .unwrap_or(&file)
                .as_os_str()
                .as_encoded_bytes(),
        );
        stamp.push(b'\n');
        stamp.extend(fs::read(&file).map_err(Failure::file(&file))?);
    }
    Ok(stamp)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)
        .map_err(Failure::file(folder))?
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Creates a virtual environment beside the programs.
fn python(source: &Path, target: &Path) -> Result<(), Failure> {
    if process::quietly(Command::new("python3").args(["-c", "import ensurepip"])).is_err() {
        install_missing(["ensurepip"].into_iter());
    }
    process::quietly(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(target.join("venv")),
    )?;
    let mut pip = Command::new(target.join("venv/bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(source.join("requirements.txt"));
    process::quietly(&mut pip)?;
    copy(source, target, &["py"])
}

fn node(source: &Path, target: &Path) -> Result<(), Failure> {
    copy(source, target, &["js", "json"])?;
    process::quietly(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(target),
    )
}

/// Builds a program for each kind of server, and one that signs.
fn go(source: &Path, target: &Path) -> Result<(), Failure> {
    let programs = [
        ("checks", "."),
        ("opensearch", "./opensearch"),
        ("rds_token", "./rds_token"),
    ];
    go_programs(source, target, &programs)
}

/// Builds the OTLP receiver of the OpenTelemetry Collector.
fn collector(source: &Path, target: &Path) -> Result<(), Failure> {
    go_programs(source, target, &[("collector", ".")])
}

fn go_programs(source: &Path, target: &Path, programs: &[(&str, &str)]) -> Result<(), Failure> {
    for (program, package) in programs {
        let mut build = Command::new("go");
        build
            .args(["build", "-o"])
            .arg(target.join(program))
            .arg(package)
            .current_dir(source)
            .env("GOFLAGS", "-mod=readonly");
        process::quietly(&mut build)?;
    }
    Ok(())
}

fn java(source: &Path, target: &Path) -> Result<(), Failure> {
    let mut maven = Command::new("mvn");
    maven
        .args([
            "--batch-mode",
            "--quiet",
            "--no-transfer-progress",
            "--file",
        ])
        .arg(source.join("pom.xml"));
    maven
        .arg(format!("-Dirsa.build={}", target.display()))
        .arg("process-classes");
    process::quietly(&mut maven)
}

/// Copies the files of the directory that have one of these extensions.
fn copy(source: &Path, target: &Path, extensions: &[&str]) -> Result<(), Failure> {
    let entries = fs::read_dir(source).map_err(Failure::file(source))?;
    for file in entries.flatten().map(|entry| entry.path()) {
        let extension = file.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| extensions.contains(&extension)) {
            let to = target.join(file.file_name().unwrap_or_default());
            fs::copy(&file, to).map_err(Failure::file(&file))?;
        }
    }
    Ok(())
}
