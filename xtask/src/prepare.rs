//! Client programs in other languages, prepared in a cache outside of the clone.

mod client;
mod debian;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};
use client::{CLIENTS, Client};
pub(crate) use debian::install_missing;

/// Examples of irsa-components that build what tests run against, which takes minutes the first time, and the programs
/// that they need.
const COMPONENTS: [(&str, &[&str]); 3] = [
    ("kubernetes", &["go"]),
    ("helm", &["go"]),
    ("terraform", &["go", "terraform"]),
];

/// The directory of the prepared client programs, with a subdirectory for each client.
#[derive(Debug)]
pub(crate) struct Clients(PathBuf);

impl Clients {
    pub(crate) fn folder() -> Result<Self, Failure> {
        Ok(Self(workspace::cache()?.join("clients")))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// Prepares every client. If one cannot be prepared, prints the reason and goes on: its tests report that they are
/// skipped, or fail if `IRSA_REQUIRE_CLIENTS` is set.
pub(crate) fn clients(folder: &Clients) -> Result<(), Failure> {
    let programs = CLIENTS
        .iter()
        .flat_map(|client| client.needs)
        .chain(["chromium", "curl", "pg_recvlogical", "psql", "umoci"].iter());
    install_missing(programs.copied());
    fs::create_dir_all(folder.path()).map_err(Failure::file(folder.path()))?;
    for client in &CLIENTS {
        if let Err(failure) = prepare(client, folder) {
            progress::note(&format!("cannot prepare {}: {failure}", client.name));
        }
    }
    for (component, needs) in COMPONENTS {
        if let Err(failure) = build(component, needs) {
            progress::note(&format!("cannot prepare {component}: {failure}"));
        }
    }
    Ok(())
}

/// Runs the example, which builds its component unless the cache has it.
fn build(component: &str, needs: &[&str]) -> Result<(), Failure> {
    installed(needs)?;
    workspace::build(&["--example", component])?;
    let examples = workspace::target().join("debug/examples");
    let mut build = Command::new(examples.join(component));
    build
        .arg("build")
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    progress::timed(&format!("prepare {component}"), || {
        process::quietly(&mut build)
    })
}

/// Installs a Debian program if it is missing.
pub(crate) fn program(name: &str) -> Result<(), Failure> {
    install_missing([name].into_iter());
    match debian::find(name) {
        Some(_) => Ok(()),
        None => {
            Err(Failure::new(format!("`{name}` is missing")).remedy("install it and try again"))
        }
    }
}

/// Fails with the first of these programs that is missing.
fn installed(needs: &[&str]) -> Result<(), Failure> {
    let lacking = needs.iter().find(|name| process::find(name).is_none());
    lacking.map_or(Ok(()), |name| {
        Err(Failure::new(format!("`{name}` is missing")))
    })
}

/// Prepares a client, unless it was prepared from the same sources.
fn prepare(client: &Client, folder: &Clients) -> Result<(), Failure> {
    installed(client.needs)?;
    let source = workspace::root()
        .join("tests/interop/clients")
        .join(client.name);
    let target = folder.path().join(client.name);
    let (stamp_file, stamp) = (target.join(".made-from"), client::stamp(&source)?);
    if fs::read(&stamp_file).is_ok_and(|made_from| made_from == stamp) {
        return Ok(());
    }
    progress::timed(&format!("prepare {}", client.name), || {
        remove(&target)?;
        fs::create_dir_all(&target).map_err(Failure::file(&target))?;
        (client.make)(&source, &target)?;
        fs::write(&stamp_file, stamp).map_err(Failure::file(&stamp_file))
    })
}

fn remove(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Failure::file(folder))
    } else {
        Ok(())
    }
}
