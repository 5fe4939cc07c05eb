//! The target of a client.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The TLS mode of a client (libpq documentation, `sslmode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS only if the server requires it.
    Allow,
    /// TLS if the server offers it.
    Prefer,
    /// TLS, without verification.
    Require,
    /// TLS, with a certificate signed by a trusted CA.
    VerifyCa,
    /// TLS, with a certificate for this host that is signed by a trusted CA.
    VerifyFull,
}

/// A server, as in libpq's variables, without a password.
#[derive(Debug, Clone)]
pub struct Target {
    /// Host name, address or socket directory.
    pub host: String,
    /// TCP port, or the port in the socket's name.
    pub port: u16,
    /// The database user.
    pub user: String,
    /// The database.
    pub database: String,
    /// The TLS mode.
    pub ssl_mode: SslMode,
    /// The CA of its certificate.
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

    /// Returns libpq's name of the mode.
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
    /// Returns the target with this TLS mode and CA file.
    #[must_use]
    pub fn with_tls(&self, ssl_mode: SslMode, ca_file: Option<&Path>) -> Self {
        Self {
            ssl_mode,
            ca_file: ca_file.map(Path::to_owned),
            ..self.clone()
        }
    }

    /// Returns the variables that libpq and related drivers read.
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

    /// Sets the target, and removes all other sources of a password.
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
