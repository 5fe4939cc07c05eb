//! Terraform on PATH, and a directory in the cache with the stand-ins for the provider and for modules.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{RootModule, TerraformError};
use crate::files::FileError;
use crate::go::GoProgram;
use crate::{Progress, cache};

/// The version of the stand-in itself.
const PROVIDER_VERSION: &str = "1";

/// The path of the provider in a mirror (Terraform, "Provider Installation").
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// The prefix of the modules among the sources.
const MODULES: &str = "modules/";

macro_rules! sources {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../terraform/", $path)))),+]
    };
}

/// All files of `terraform`, so that each change leads to a new directory in the cache.
const SOURCES: &[(&str, &str)] = sources![
    "go.mod",
    "go.sum",
    "main.go",
    "change.go",
    "identity.go",
    "invent.go",
    "provider.go",
    "schema.go",
    "templates.go",
    "validate.go",
    "value.go",
    "schemas/5.9.0.json",
    "schemas/5.99.1.json",
    "schemas/6.66.0.json",
    "modules/eks-19/main.tf",
    "modules/eks-19/variables.tf",
    "modules/eks-19/versions.tf",
    "modules/eks-20/main.tf",
    "modules/eks-20/variables.tf",
    "modules/eks-20/versions.tf",
    "modules/eks-21/main.tf",
    "modules/eks-21/variables.tf",
    "modules/eks-21/versions.tf",
    "modules/iam-5/modules/iam-role-for-service-accounts-eks/main.tf",
    "modules/iam-5/modules/iam-role-for-service-accounts-eks/outputs.tf",
    "modules/iam-5/modules/iam-role-for-service-accounts-eks/variables.tf",
    "modules/iam-5/modules/iam-role-for-service-accounts-eks/versions.tf",
    "modules/iam-6/modules/iam-role-for-service-accounts/main.tf",
    "modules/iam-6/modules/iam-role-for-service-accounts/outputs.tf",
    "modules/iam-6/modules/iam-role-for-service-accounts/variables.tf",
    "modules/iam-6/modules/iam-role-for-service-accounts/versions.tf",
];

/// The `go` line of `go.mod` is 1.24.
const LEAST_GO: u32 = 24;

/// A Terraform that is ready to run.
#[derive(Debug, Clone)]
pub struct Terraform {
    program: PathBuf,
    home: PathBuf,
}

impl Terraform {
    /// Finds `terraform` on PATH, and the stand-ins in `cache`. It builds them if the cache lacks them, which takes half
    /// a minute; `progress` gets a line before that.
    ///
    /// # Errors
    /// Terraform is missing; or the provider must be built and Go is missing, or the build failed.
    pub async fn locate(cache: &Path, progress: Progress<'_>) -> Result<Self, TerraformError> {
        let program = find("terraform").ok_or(TerraformError::Missing)?;
        let provider = GoProgram {
            name: "terraform",
            version: PROVIDER_VERSION,
            sources: SOURCES,
            least_go: LEAST_GO,
            linker_flags: String::new(),
            duration: "half a minute",
        };
        let provider = provider.locate(cache, progress).await?;
        let home = provider.with_extension("home");
        if !home.is_dir() {
            install(&provider, &home, progress).await?;
        }
        Ok(Self { program, home })
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Prepares a directory with a configuration for Terraform's commands.
    ///
    /// # Errors
    /// The settings for Terraform cannot be written.
    pub fn root_module(&self, folder: &Path) -> Result<RootModule, TerraformError> {
        RootModule::new(self.program.clone(), &self.home, folder)
    }
}

/// The versions of the AWS provider: those that the stand-in has schemas of.
fn versions() -> impl Iterator<Item = &'static str> {
    let paths = SOURCES.iter().map(|(path, _)| path);
    paths.filter_map(|path| path.strip_prefix("schemas/")?.strip_suffix(".json"))
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|folder| folder.join(program));
    files.find(|file| file.is_file())
}

/// Lays out the mirror and the modules beside `home`, then renames them into place.
async fn install(
    provider: &Path,
    home: &Path,
    progress: Progress<'_>,
) -> Result<(), TerraformError> {
    let shelf = home.parent().unwrap_or(home);
    let lock = shelf.join(".lock");
    let _lock = cache::lock(&lock, progress)
        .await
        .map_err(FileError::when("lock", lock))?;
    if home.is_dir() {
        return Ok(());
    }
    let staging = TempDir::with_prefix_in(".unpacking-", shelf)
        .map_err(FileError::when("write to", shelf))?;
    for version in versions() {
        let name = format!("mirror/{PROVIDER}/{version}/{}", platform());
        let folder = created(staging.path().join(name))?;
        let file = folder.join(format!("terraform-provider-aws_v{version}"));
        fs::hard_link(provider, &file).map_err(FileError::when("create", &file))?;
    }
    let is_module = |(path, _): &&(&str, &str)| path.starts_with(MODULES);
    for (path, text) in SOURCES.iter().filter(is_module) {
        let file = staging.path().join(path);
        created(file.parent().unwrap_or(&file).to_owned())?;
        fs::write(&file, text).map_err(FileError::when("write", &file))?;
    }
    cache::open_tree(staging.path()).map_err(FileError::when("make readable", staging.path()))?;
    Ok(fs::rename(staging.path(), home).map_err(FileError::when("create", home))?)
}

fn created(folder: PathBuf) -> Result<PathBuf, FileError> {
    fs::create_dir_all(&folder).map_err(FileError::when("create", &folder))?;
    Ok(folder)
}

/// Returns the name of this machine's platform for Go.
fn platform() -> String {
    let architecture = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let system = if env::consts::OS == "macos" {
        "darwin"
    } else {
        env::consts::OS
    };
    format!("{system}_{architecture}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("terraform");
        let mut found = Vec::new();
        collect(&folder, &folder, &mut found);
        found.sort();
        let mut embedded: Vec<_> = SOURCES.iter().map(|(path, _)| (*path).to_owned()).collect();
        embedded.sort();
        assert_eq!(found, embedded);
    }

    fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() {
                collect(root, &path, found);
            } else if name != "schema.py" {
                found.push(name);
            }
        }
    }

    #[test]
    fn every_schema_is_that_of_a_version() {
        assert!(versions().eq(["5.9.0", "5.99.1", "6.66.0"]));
    }

    #[test]
    fn the_minimum_go_is_that_of_its_module() {
        assert!(SOURCES[0].1.contains(&format!("\ngo 1.{LEAST_GO}.0\n")));
    }
}
