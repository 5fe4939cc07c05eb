//! Client programs in other languages, which `cargo xtask test` prepares.

mod program;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use irsa_testing::{prepared_client, print_line, skip};
use serde_json::Value;

use crate::Error;
use crate::target::Target;

/// A program in `clients/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// psycopg 3 with its own libpq.
    Psycopg,
    /// node-postgres.
    NodePostgres,
    /// pgx.
    Pgx,
    /// pgjdbc.
    Pgjdbc,
    /// The AWS JDBC wrapper on pgjdbc, which signs.
    Wrapper,
    /// botocore's `generate_db_auth_token`.
    RdsToken,
    /// `BuildAuthToken` of the AWS SDK for Go.
    RdsTokenGo,
    /// botocore's default credential chain.
    DefaultChain,
    /// OpenSearch's client for Python, with the transport of this name.
    OpenSearchPy(&'static str),
    /// OpenSearch's client for Node.js.
    OpenSearchJs,
    /// OpenSearch's client for Go.
    OpenSearchGo,
    /// OpenSearch's clients for Java: `rest` is the low-level one, `java` the typed one.
    OpenSearchJava(&'static str),
    /// A signer for Python: of the client with the transport of this name, or `botocore` alone.
    SignerPy(&'static str),
    /// A signer for Java: `interceptor` for the low-level client, `sdk` for the typed one.
    SignerJava(&'static str),
    /// botocore's signature of a request from the standard input.
    SignRequests,
    /// The traffic of Camunda's components: `exporter`, `operate` or `ism`.
    Camunda(&'static str),
    /// A validator of Kubernetes objects with the schemas of several versions.
    KubernetesValidate,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// The observed value, or why the check failed.
    pub result: Result<Value, String>,
}

impl Client {
    /// Returns the program. If it is missing, prints why the test is skipped.
    ///
    /// # Panics
    /// It is missing and `IRSA_REQUIRE_CLIENTS=1`.
    pub fn unless_missing(self) -> Option<Command> {
        let folder = prepared_client(program::folder(self))?;
        Some(program::command(self, &folder))
    }
}

/// Returns a PostgreSQL program from `PATH`, or from Debian's directories (the newest version); skips the test like
/// [`Client::unless_missing`].
///
/// # Panics
/// The program is missing and `IRSA_REQUIRE_CLIENTS=1`.
pub fn tool(name: &str) -> Option<Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    let found = on_path.or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        versions
            .map(|version| version.path().join("bin").join(name))
            .filter(|file| file.is_file())
            .max()
    });
    if found.is_none() {
        skip(format_args!("`{name}` is not installed"));
    }
    found.map(Command::new)
}

/// Returns the newest of Debian's PostgreSQL directories that has both the server and `client`: some clients support no
/// server newer than themselves.
///
/// Only server packages have one, and installing them starts the server. Without such a directory, prints that the test
/// is skipped, which is never a failure.
pub fn folder_with_server(client: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    let both = |folder: &PathBuf| {
        [client, "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    let found = folders.filter(both).max();
    if found.is_none() {
        print_line(&format!(
            "skipped: no PostgreSQL server of the version of `{client}` is installed"
        ));
    }
    found
}

/// Runs a program of checks against PostgreSQL.
pub fn checks(mut program: Command, target: &Target) -> Result<Vec<Check>, Error> {
    run(target.point(&mut program))
}

/// Runs a program of checks whose server is already set.
pub fn run(program: &mut Command) -> Result<Vec<Check>, Error> {
    let output = program.stdin(Stdio::null()).output()?;
    let checks: Vec<Check> = String::from_utf8(output.stdout)?
        .lines()
        .map(read)
        .collect::<Result<_, _>>()?;
    if checks.is_empty() {
        return Err(format!("no check ran: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(checks)
}

fn read(line: &str) -> Result<Check, Error> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("`{line}`: {error}"))?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let saw = value.get("saw").or_else(|| value.get("result"));
    let result = saw.cloned().ok_or_else(|| text("error"));
    Ok(Check {
        name: text("check"),
        result,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parsed_as_checks() {
        let check = read(r#"{"check":"cancel","ok":true,"saw":["57014"]}"#).unwrap();
        assert_eq!(
            (check.name.as_str(), check.result),
            ("cancel", Ok(serde_json::json!(["57014"])))
        );
        let check = read(r#"{"check":"cancel","ok":false,"error":"late"}"#).unwrap();
        assert_eq!(check.result, Err("late".to_owned()));
        let check = read(r#"{"check":"info","result":null}"#).unwrap();
        assert_eq!(check.result, Ok(Value::Null));
        assert!(read("not JSON").is_err());
    }
}
