//! Where a client connects to.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How far a client trusts the server (libpq documentation, `sslmode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS only if the server does not take less.
    Allow,
    /// TLS if the server offers it.
    Prefer,
    /// TLS, whoever the server is.
    Require,
    /// TLS, with a certificate of a known authority.
    VerifyCa,
    /// TLS, with a certificate of a known authority for this very host.
    VerifyFull,
}

/// A server as libpq's variables name it. There is no password anywhere.
#[derive(Debug, Clone)]
pub struct Target {
    /// Name, address or socket folder.
    pub host: String,
    /// TCP port, or the number in the socket's name.
    pub port: u16,
    /// The database user.
    pub user: String,
    /// The database.
    pub database: String,
    /// How far the server is trusted.
    pub ssl_mode: SslMode,
    /// The authority of its certificate.
    pub ca_file: Option<PathBuf>,
}

impl SslMode {
    /// Every mode, from the weakest to the strongest.
    pub const ALL: [Self; 6] = [
        Self::Disable,
        Self::Allow,
        Self::Prefer,
        Self::Require,
        Self::VerifyCa,
        Self::VerifyFull,
    ];

    /// As libpq spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl Target {
    /// The same server, trusted as far as `ssl_mode` says, with the authority in a file.
    #[must_use]
    pub fn with_tls(&self, ssl_mode: SslMode, ca_file: Option<&Path>) -> Self {
        Self {
            ssl_mode,
            ca_file: ca_file.map(Path::to_owned),
            ..self.clone()
        }
    }

    /// The variables that libpq and its relatives read.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("PGHOST", self.host.clone()),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", self.user.clone()),
            ("PGDATABASE", self.database.clone()),
            ("PGSSLMODE", self.ssl_mode.as_str().to_owned()),
            ("PGGSSENCMODE", "disable".to_owned()),
            ("PGCONNECT_TIMEOUT", "20".to_owned()),
        ];
        if let Some(file) = &self.ca_file {
            variables.push(("PGSSLROOTCERT", file.display().to_string()));
        }
        variables
    }

    /// Points a program at this server, and takes whatever else it could find a password by.
    pub fn point<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in [
            "PGPASSWORD",
            "PGSERVICE",
            "PGSERVICEFILE",
            "PGSSLROOTCERT",
            "PGOPTIONS",
            "PGAPPNAME",
        ] {
            command.env_remove(name);
        }
        command
            .env("PGPASSFILE", "/nonexistent/pgpass")
            .envs(self.variables())
    }
}
