//! PostgreSQL's regression suite, from its source package, with an installed server of the same version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Outcomes, Suite, sources};
use crate::Error;
use crate::target::Target;

/// The directory of the suite in the sources and in the build.
const FOLDER: &str = "src/test/regress";

/// `pg_regress` and the library of C functions that its tests load.
pub(super) struct PostgresRegress {
    source: PathBuf,
    build: PathBuf,
    programs: PathBuf,
}

impl PostgresRegress {
    pub(super) fn prepare(source: &Path, progress: &dyn Fn(&str)) -> Result<Self, Error> {
        let source = sources::checked(source, "src/test/regress/parallel_schedule")?;
        let programs = sources::installed_server(&source)?;
        let build = sources::postgres_build(&source, FOLDER, progress)?;
        Ok(Self {
            source,
            build,
            programs,
        })
    }

    /// The directory of the server's programs.
    pub(super) fn programs(&self) -> PathBuf {
        self.programs.clone()
    }
}

impl Suite for PostgresRegress {
    fn run(&self, target: &Target, _tests: &[String]) -> Result<Outcomes, Error> {
        let outputs = tempfile::tempdir()?;
        let suite = self.source.join(FOLDER);
        let built = self.build.join(FOLDER);
        let mut command = Command::new(built.join("pg_regress"));
        target.point(&mut command);
        let output = command
            .arg(option("inputdir", &suite))
            .arg(option("outputdir", outputs.path()))
            .arg(option("bindir", &self.programs))
            .arg(option("dlpath", &built))
            .arg(option("schedule", &suite.join("parallel_schedule")))
            .args(["--max-concurrent-tests=20", "--encoding=UTF8"])
            .args([
                format!("--host={}", target.host),
                format!("--user={}", target.user),
            ])
            .arg(format!("--port={}", target.port))
            // The default directory of expected files in newer versions.
            .current_dir(&suite)
            .stdin(Stdio::null())
            .output()?;
        let outcomes = outcomes(&String::from_utf8_lossy(&output.stdout));
        if outcomes.is_empty() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("no test ran: {}\n{said}", output.status).into());
        }
        if let Ok(differences) = fs::read_to_string(outputs.path().join("regression.diffs")) {
            let lines = differences.lines().count();
            eprintln!("{lines} lines of regression.diffs on port {}", target.port);
        }
        Ok(outcomes)
    }
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// Parses the report of pg_regress: `test NAME ... ok 12 ms` up to version 15, `ok 1 - NAME 12 ms` (TAP) since 16.
fn outcomes(report: &str) -> Outcomes {
    report.lines().filter_map(outcome).collect()
}

fn outcome(line: &str) -> Option<(&str, &str)> {
    if let Some((name, rest)) = line.split_once(" ... ") {
        let name = name.trim().trim_start_matches("test ").trim();
        return Some((name, rest.split_whitespace().next()?));
    }
    let (outcome, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => ("not ok", rest),
        None => ("ok", line.strip_prefix("ok ")?),
    };
    let mut words = rest.split_whitespace();
    let (_number, _mark) = (words.next()?, words.next()?);
    Some((words.next()?, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_both_formats_of_the_report() {
        let report = "\
parallel group (2 tests):  name char
     char                         ... FAILED       37 ms
     name                         ... ok           21 ms
test create_index                 ... ok          912 ms
# parallel group (2 tests):  int4 int2
ok 5         + int2                                       37 ms
not ok 6     + int4                                       41 ms
ok 7         - stats                                      90 ms
1..7
";
        let expected = [
            ("char", "FAILED"),
            ("name", "ok"),
            ("create_index", "ok"),
            ("int2", "ok"),
            ("int4", "not ok"),
            ("stats", "ok"),
        ];
        assert_eq!(outcomes(report), expected.into_iter().collect());
    }
}
