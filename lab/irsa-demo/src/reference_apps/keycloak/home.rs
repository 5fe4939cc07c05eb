//! Keycloak's files: the published distribution, and the homes that `kc.sh build` makes of it, one for each mode.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use irsa_components::Progress;
use irsa_components::maven::{Artifact, unpacked};
use tempfile::TempDir;

use super::{KeycloakOptions, command, environment};
use crate::reference_apps::maven::{self, Project};
use crate::reference_apps::{AppError, DatabaseMode};

/// The downloaded version.
pub const VERSION: &str = "26.5.6";
const DISTRIBUTION: Artifact = Artifact::tar_gz(
    "org/keycloak",
    "keycloak-quarkus-dist",
    VERSION,
    "fa3dd5df90b9ac006712c2f0991be4e8a6cb30ac538e0439ce2f45fc40f4c692",
);
const POM: &str = include_str!("../../../../../examples/keycloak/pom.xml");
/// The signing jars.
const PROVIDERS: Project = Project {
    name: "keycloak-providers",
    files: &[("pom.xml", POM)],
    goal: "package",
};
/// The directory that `kc.sh build` writes; homes share everything else with the distribution.
const AUGMENTED: &str = "quarkus";

/// A Keycloak that can be built and started.
#[derive(Debug, Clone)]
pub struct KeycloakHome {
    java: PathBuf,
    cache: PathBuf,
    distribution: PathBuf,
}

impl KeycloakHome {
    /// Returns the pinned version ([`VERSION`]) from `cache`, after a download if the cache lacks it (157 MiB). It is
    /// never modified.
    ///
    /// # Errors
    /// [`AppError::Missing`] without Java; the download failed or does not match the pinned hash.
    pub async fn locate(cache: &Path, progress: Progress<'_>) -> Result<Self, AppError> {
        let java = maven::java()?;
        let home = cache.join("apps/keycloak").join(VERSION);
        let distribution = unpacked(&DISTRIBUTION, &home, progress).await;
        Ok(Self {
            java,
            cache: cache.to_owned(),
            distribution: distribution.map_err(|error| failed("fetching Keycloak", error))?,
        })
    }

    /// Returns a home that `kc.sh build` made for these options, with the signing jars if the mode needs them; builds
    /// it if the cache lacks it. [`super::Keycloak::start`] does the same without reporting progress.
    ///
    /// # Errors
    /// Maven is missing and jars are needed; or the build failed, and the error has its output. It fails if the driver
    /// does not support XA but the options ask for it.
    pub async fn build(
        &self,
        options: &KeycloakOptions,
        progress: Progress<'_>,
    ) -> Result<PathBuf, AppError> {
        let home = self
            .place(options)
            .map_err(|error| failed("reading a provider", error))?;
        if home.is_dir() {
            return Ok(home);
        }
        let beside = home.parent().unwrap_or(&self.cache);
        let staging = TempDir::with_prefix_in(".building-", beside);
        let staging = staging.map_err(|error| failed("creating a directory", error))?;
        self.copy(staging.path())
            .map_err(|error| failed("copying Keycloak", error))?;
        self.add_providers(options, &staging.path().join("providers"), progress)
            .await?;
        progress("building Keycloak (`kc.sh build`, once)");
        command::build(&self.java, staging.path(), &environment::at_build(options)).await?;
        match fs::rename(staging.path(), &home) {
            // A different process was faster.
            Err(_) if home.is_dir() => Ok(home),
            renamed => renamed
                .map(|()| home)
                .map_err(|error| failed("keeping the built Keycloak", error)),
        }
    }

    pub(super) fn java(&self) -> &Path {
        &self.java
    }

    /// Returns the directory of the build. Its name depends on everything that goes into the build.
    fn place(&self, options: &KeycloakOptions) -> io::Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        (environment::at_build(options), POM).hash(&mut hasher);
        for jar in &options.providers {
            fs::read(jar)?.hash(&mut hasher);
        }
        let name = format!("{VERSION}-built-{:016x}", hasher.finish());
        Ok(self.distribution.with_file_name(name))
    }

    fn copy(&self, target: &Path) -> io::Result<()> {
        link_tree(&self.distribution, target)
    }

    async fn add_providers(
        &self,
        options: &KeycloakOptions,
        folder: &Path,
        progress: Progress<'_>,
    ) -> Result<(), AppError> {
        let failed = |error| failed("adding jars to Keycloak", error);
        if let DatabaseMode::OwnSigning { .. } = options.mode {
            let jars = maven::build(&PROVIDERS, &self.cache, progress).await?;
            link_tree(&jars.join("providers"), folder).map_err(failed)?;
        }
        for jar in &options.providers {
            let name = jar.file_name().unwrap_or(jar.as_os_str());
            fs::copy(jar, folder.join(name)).map_err(failed)?;
        }
        Ok(())
    }
}

/// Copies a tree by hard links, except for the files that a build writes.
fn link_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            link_tree(&source, &target)?;
        } else if from.ends_with(AUGMENTED) {
            fs::copy(&source, &target)?;
        } else {
            fs::hard_link(&source, &target)?;
        }
    }
    Ok(())
}

fn failed(doing: &str, error: impl ToString) -> AppError {
    AppError::failed(doing, error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::reference_apps::Database;

    fn home() -> KeycloakHome {
        KeycloakHome {
            java: "/java".into(),
            cache: "/cache".into(),
            distribution: "/cache/apps/keycloak/1".into(),
        }
    }

    fn options(port: u16) -> KeycloakOptions {
        let database = Database {
            name: "d".to_owned(),
            user: "u".to_owned(),
        };
        let host = "localhost".to_owned();
        KeycloakOptions::new(database, DatabaseMode::ThroughIrsa { host, port })
    }

    #[test]
    fn each_build_has_its_own_directory() {
        let place = |options| home().place(&options).unwrap();
        assert_eq!(place(options(1)), place(options(2)));
        let (mut without_xa, mut with_a_jar) = (options(1), options(1));
        without_xa.xa = false;
        assert_ne!(place(options(1)), place(without_xa));
        with_a_jar.providers.push(file!().into());
        assert!(home().place(&with_a_jar).is_err(), "the jar does not exist");
    }

    #[test]
    fn only_what_a_build_writes_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("lib/quarkus")).unwrap();
        for file in ["lib/quarkus/a.jar", "lib/b.jar"] {
            fs::write(from.join(file), "x").unwrap();
        }
        link_tree(&from, &to).unwrap();
        let links = |file: &str| fs::metadata(to.join(file)).unwrap().nlink();
        assert_eq!((links("lib/quarkus/a.jar"), links("lib/b.jar")), (1, 2));
    }
}
