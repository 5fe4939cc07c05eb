//! `libpq_pipeline`, PostgreSQL's tests of libpq's pipeline mode, from its source package.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Outcomes, Suite, sources};
use crate::Error;
use crate::target::Target;

/// The directory of the suite in the sources and in the build.
const FOLDER: &str = "src/test/modules/libpq_pipeline";

/// The program, which runs one test at a time.
pub(super) struct LibpqPipeline {
    program: PathBuf,
    library: PathBuf,
    servers: PathBuf,
}

impl LibpqPipeline {
    pub(super) fn prepare(source: &Path, progress: &dyn Fn(&str)) -> Result<Self, Error> {
        let source = sources::checked(source, "src/test/modules/libpq_pipeline/Makefile")?;
        let servers = sources::installed_server(&source)?;
        let build = sources::postgres_build(&source, FOLDER, progress)?;
        Ok(Self {
            program: build.join(FOLDER).join("libpq_pipeline"),
            library: build.join("src/interfaces/libpq"),
            servers,
        })
    }

    /// The directory of the server's programs.
    pub(super) fn programs(&self) -> PathBuf {
        self.servers.clone()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("LD_LIBRARY_PATH", &self.library)
            .stdin(Stdio::null());
        command
    }

    fn all_tests(&self) -> Result<Vec<String>, Error> {
        let output = self.command(&["tests"]).output()?;
        let tests = String::from_utf8(output.stdout)?;
        Ok(tests.split_whitespace().map(str::to_owned).collect())
    }
}

impl Suite for LibpqPipeline {
    fn run(&self, target: &Target, tests: &[String]) -> Result<Outcomes, Error> {
        let all = self.all_tests()?;
        let tests = if tests.is_empty() { &all } else { tests };
        let mut outcomes = Vec::new();
        for test in tests {
            let mut command = self.command(&[test, ""]);
            let output = target.point(&mut command).output()?;
            let outcome = if output.status.success() {
                "passed"
            } else {
                eprint!("{test}: {}", String::from_utf8_lossy(&output.stderr));
                "failed"
            };
            outcomes.push((test.as_str(), outcome));
        }
        if outcomes.is_empty() {
            return Err("libpq_pipeline lists no tests".into());
        }
        Ok(outcomes.into_iter().collect())
    }
}
