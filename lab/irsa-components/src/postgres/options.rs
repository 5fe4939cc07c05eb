//! How a PostgreSQL is to run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::PostgresError;

/// How a PostgreSQL is to run. [`PostgresOptions::new`] is a throw-away server on a Unix socket.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The data folder. An empty or missing one is initialised; a filled one (a restart, a copy for a replica) is
    /// taken as it is, apart from `postgresql.conf` and `pg_hba.conf`, which are written afresh.
    pub data_dir: PathBuf,
    /// Folder of the Unix socket; at most 91 bytes long.
    pub socket_dir: PathBuf,
    /// Receives what the server writes.
    pub log_file: PathBuf,
    /// Where it listens besides the Unix socket.
    pub listen: Listen,
    /// Settings for `postgresql.conf`; they win over those that make a throw-away server fast.
    pub settings: Vec<(String, String)>,
    /// Lines for `pg_hba.conf`. A line that lets the superuser in over the Unix socket always comes first, because
    /// readiness and [`super::Postgres::connect`] need it.
    pub hba: String,
    /// The name of the superuser.
    pub superuser: String,
    /// Certificate and key, to speak TLS.
    pub tls: Option<TlsFiles>,
    /// How long it may take until it lets its superuser in.
    pub start_timeout: Duration,
}

/// Where a PostgreSQL listens besides its Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    SocketOnly,
    /// On 127.0.0.1; port 0 takes a free one.
    Loopback {
        /// The port.
        port: u16,
    },
}

/// A server certificate as PEM files. Copies go into the data folder, because PostgreSQL wants to own its key.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl PostgresOptions {
    /// A throw-away server with everything under `folder`: Unix socket only, everybody trusted, not durable.
    pub fn new(folder: &Path) -> Self {
        Self {
            data_dir: folder.join("data"),
            socket_dir: folder.join("socket"),
            log_file: folder.join("postgres.log"),
            listen: Listen::SocketOnly,
            settings: Vec::new(),
            hba: "local all all trust\nlocal replication all trust\n".to_owned(),
            superuser: "postgres".to_owned(),
            tls: None,
            start_timeout: Duration::from_secs(30),
        }
    }

    /// PostgreSQL starts in another working directory than ours.
    pub(super) fn with_absolute_paths(mut self) -> Result<Self, PostgresError> {
        for path in [&mut self.data_dir, &mut self.socket_dir, &mut self.log_file] {
            *path = std::path::absolute(&*path).map_err(PostgresError::file("find", &*path))?;
        }
        Ok(self)
    }
}
