//! A directory with a configuration, and Terraform's commands in it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::TerraformError;
use super::registry::Registry;
use crate::files::FileError;

/// A configuration that Terraform can be run on. It reaches no network.
#[derive(Debug)]
pub struct RootModule {
    program: PathBuf,
    folder: PathBuf,
    settings: TempDir,
    _registry: Registry,
}

impl RootModule {
    pub(super) fn new(
        program: PathBuf,
        home: &Path,
        folder: &Path,
    ) -> Result<Self, TerraformError> {
        let registry = Registry::start(home.join("modules"))?;
        let settings =
            tempfile::tempdir().map_err(FileError::when("create", std::env::temp_dir()))?;
        let file = settings.path().join("terraform.rc");
        fs::write(&file, configuration(&home.join("mirror"), &registry.url()))
            .map_err(FileError::when("write", &file))?;
        Ok(Self {
            program,
            folder: folder.to_owned(),
            settings,
            _registry: registry,
        })
    }

    /// A command in the directory, with an environment in which it finds the stand-ins only.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.settings.path())
            .env(
                "TF_CLI_CONFIG_FILE",
                self.settings.path().join("terraform.rc"),
            )
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command and returns its standard output.
    ///
    /// # Errors
    /// It cannot be run or fails; the error has its messages.
    pub fn run(&self, arguments: &[&str]) -> Result<String, TerraformError> {
        let output = self.output(arguments)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let mut messages = String::from_utf8_lossy(&output.stdout).into_owned();
        let _ = write!(messages, "{}", String::from_utf8_lossy(&output.stderr));
        Err(TerraformError::Failed {
            command: arguments.join(" "),
            status: output.status,
            output: messages,
        })
    }

    /// Runs a command that may fail.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn output(&self, arguments: &[&str]) -> Result<Output, TerraformError> {
        let mut command = self.command(arguments);
        command.output().map_err(|source| TerraformError::Run {
            program: self.program.clone(),
            source,
        })
    }
}

/// Returns Terraform's settings: all providers from the mirror, all modules from the registry on loopback.
fn configuration(mirror: &Path, registry: &str) -> String {
    let mirror = mirror.display().to_string();
    format!(
        "disable_checkpoint = true\n\
         provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n\
         host \"registry.terraform.io\" {{\n  services = {{ \"modules.v1\" = {registry:?} }}\n}}\n",
    )
}
