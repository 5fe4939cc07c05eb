//! The options of a PostgreSQL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::PostgresError;

/// The options of a PostgreSQL. [`PostgresOptions::new`] is a throw-away server on a Unix socket.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The data directory. An empty or missing one is initialized; an existing one (a restart, a copy for a replica) is
    /// used as is, apart from `postgresql.conf` and `pg_hba.conf`, which are rewritten.
    pub data_dir: PathBuf,
    /// Directory of the Unix socket; at most 91 bytes long.
    pub socket_dir: PathBuf,
    /// The file for the server's output.
    pub log_file: PathBuf,
    /// The TCP address, if any.
    pub listen: Listen,
    /// Settings for `postgresql.conf`; they override those that make a throw-away server fast.
    pub settings: Vec<(String, String)>,
    /// Lines for `pg_hba.conf`. A line that admits the superuser over the Unix socket always comes first, because
    /// readiness checks and [`super::Postgres::connect`] need it.
    pub hba: String,
    /// The name of the superuser.
    pub superuser: String,
    /// Certificate and key, which enable TLS.
    pub tls: Option<TlsFiles>,
    /// Time limit until it accepts its superuser.
    pub start_timeout: Duration,
}

/// The TCP address of a PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// None; only the Unix socket.
    SocketOnly,
    /// 127.0.0.1; port 0 selects a free one.
    Loopback {
        /// The port.
        port: u16,
    },
}

/// A server certificate as PEM files. They are copied into the data directory, because PostgreSQL must own its key.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl PostgresOptions {
    /// Returns options for a throw-away server with everything in `folder`: only a Unix socket, all users trusted, not
    /// durable.
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

    /// Makes paths absolute, because PostgreSQL changes its working directory.
    pub(super) fn with_absolute_paths(mut self) -> Result<Self, PostgresError> {
        for path in [&mut self.data_dir, &mut self.socket_dir, &mut self.log_file] {
            *path = std::path::absolute(&*path).map_err(PostgresError::file("find", &*path))?;
        }
        Ok(self)
    }
}
