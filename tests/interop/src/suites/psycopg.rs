//! The suite of psycopg 3, with the libpq in its wheels.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::NamedTempFile;

use super::{Outcomes, Suite, sources};
use crate::Error;
use crate::target::Target;

const PLUGIN: &str = "irsa_outcomes";

/// The reason why a test passes only through irsa: the server that is reached straight requires TLS.
const NO_TLS: &str =
    "its own relay speaks no TLS, and the server that is reached straight takes nothing else";
/// The reason why a test ends differently from run to run, also straight.
const COLLECTOR: &str = "counts objects that Python's garbage collector has not freed yet";

/// Parts of the names of tests that end differently by design, with the reason.
const BY_DESIGN: [(&str, &str); 11] = [
    ("::test_cancel_safe_", NO_TLS),
    ("::test_connect_check_timeout", NO_TLS),
    ("::test_reconnect_after_grow_failed", NO_TLS),
    ("::test_reconnect_failure", NO_TLS),
    ("::test_refill_on_check", NO_TLS),
    ("::test_remote_closed", NO_TLS),
    ("::test_setup_no_timeout", NO_TLS),
    ("::test_stats_connect", NO_TLS),
    ("::test_wait_remote_closed", NO_TLS),
    ("::test_leak", COLLECTOR),
    ("_leaks[", COLLECTOR),
];

/// psycopg's sources, installed in a virtual environment.
pub(super) struct Psycopg {
    source: PathBuf,
    python: PathBuf,
}

impl Psycopg {
    pub(super) fn prepare(source: &Path, progress: &dyn Fn(&str)) -> Result<Self, Error> {
        let source = sources::checked(source, "psycopg/pyproject.toml")?;
        let folder = sources::build_folder("psycopg")?;
        let python = folder.join("venv/bin/python");
        // One version at a time: the file is a copy of the environment's requirements.
        let made_from = folder.join("pyproject.toml");
        let project = fs::read(source.join("psycopg/pyproject.toml"))?;
        if fs::read(&made_from).is_ok_and(|made| made == project) {
            return Ok(Self { source, python });
        }
        progress("installing psycopg and the packages of its tests");
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"])
            .arg(folder.join("venv"));
        sources::build(&mut venv)?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet"])
            .arg(format!("{}[binary,test]", source.join("psycopg").display()))
            .arg(source.join("psycopg_pool"));
        sources::build(&mut pip)?;
        fs::write(made_from, project)?;
        Ok(Self { source, python })
    }
}

impl Suite for Psycopg {
    fn run(&self, target: &Target, tests: &[String]) -> Result<Outcomes, Error> {
        let outcomes = NamedTempFile::new()?;
        let cache = tempfile::tempdir()?;
        let mut pytest = Command::new(&self.python);
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
        pytest
            .args(["-m", "pytest", "-q", "-p", "no:randomly"])
            .arg("-o")
            .arg(format!("cache_dir={}", cache.path().display()))
            .args(["-p", PLUGIN, "--tb=short"])
            .args(tests)
            .current_dir(&self.source)
            .env("PYTHONPATH", plugins)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PSYCOPG_IMPL", "binary")
            .env("PSYCOPG_TEST_DSN", dsn(target))
            .env("IRSA_OUTCOMES", outcomes.path())
            .stdin(Stdio::null())
            .stdout(Stdio::inherit());
        // The exit code only shows whether a test failed, which the outcomes show too.
        let status = pytest.status()?;
        let outcomes = Outcomes::from_lines(&fs::read_to_string(outcomes.path())?);
        if outcomes.is_empty() {
            return Err(format!("no test ran: {status}").into());
        }
        Ok(outcomes)
    }

    fn by_design(&self, test: &str) -> Option<&'static str> {
        let mut known = BY_DESIGN.iter();
        known
            .find(|(name, _)| test.contains(name))
            .map(|(_, reason)| *reason)
    }
}

fn dsn(target: &Target) -> String {
    let Target {
        host,
        port,
        user,
        database,
        ssl_mode,
        ca_file,
    } = target;
    let mode = ssl_mode.as_str();
    let trust = ca_file
        .as_ref()
        .map(|file| format!(" sslrootcert={}", file.display()));
    let trust = trust.unwrap_or_default();
    format!("host={host} port={port} user={user} dbname={database} sslmode={mode}{trust}")
}
