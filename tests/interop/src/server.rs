//! A real PostgreSQL with TLS that trusts all users on loopback, as clients see it without a proxy.

use std::fs;
use std::path::{Path, PathBuf};

use irsa_components::postgres::{Listen, Postgres, PostgresBinaries, PostgresOptions, TlsFiles};
use irsa_components::{cache, run_as};
use irsa_testing::print_line;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::Error;
use crate::target::{SslMode, Target};

/// A name in its certificate besides `localhost`, which a proxy can verify and derive region and kind of endpoint from.
pub const ENDPOINT: &str = "interop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

/// TLS is required, but no password; the proxy accepts a server that requests none.
const HBA: &str = "\
hostnossl all all all reject
hostssl all all all trust
hostssl replication all all trust
";

/// A PostgreSQL that ends when this value is dropped.
#[derive(Debug)]
pub struct TrustingPostgres {
    postgres: Postgres,
    folder: TempDir,
    user: String,
    database: String,
}

impl TrustingPostgres {
    /// Starts PostgreSQL with a role and a database.
    pub async fn start(user: &str, database: &str) -> Result<Self, Error> {
        Self::start_from(&binaries().await?, user, database).await
    }

    /// Starts PostgreSQL from other programs.
    pub async fn start_from(
        programs: &PostgresBinaries,
        user: &str,
        database: &str,
    ) -> Result<Self, Error> {
        let folder = run_as::private_folder(run_as::RunAs::unprivileged().as_ref())?;
        let mut options = PostgresOptions::new(folder.path());
        options.listen = Listen::Loopback { port: 0 };
        HBA.clone_into(&mut options.hba);
        options.tls = Some(certificates(folder.path())?);
        let settings = [
            ("wal_level", "logical"),
            ("max_connections", "500"),
            ("max_wal_senders", "10"),
            // The same value as in the lab.
            ("max_prepared_transactions", "20"),
        ];
        options
            .settings
            .extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let postgres = Postgres::start(programs, options).await?;
        let client = postgres.connect("postgres").await?;
        client
            .batch_execute(&format!("CREATE ROLE \"{user}\" LOGIN REPLICATION"))
            .await?;
        client
            .batch_execute(&format!("CREATE DATABASE \"{database}\" OWNER \"{user}\""))
            .await?;
        Ok(Self {
            postgres,
            folder,
            user: user.to_owned(),
            database: database.to_owned(),
        })
    }

    /// Returns the direct target.
    pub fn target(&self) -> Target {
        Target {
            host: "localhost".to_owned(),
            port: self.postgres.port(),
            user: self.user.clone(),
            database: self.database.clone(),
            ssl_mode: SslMode::VerifyFull,
            ca_file: Some(self.ca_file()),
        }
    }

    /// The CA of its certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The directory of its superuser's Unix socket.
    pub fn socket_dir(&self) -> &Path {
        self.postgres.socket_dir()
    }

    /// The name of its superuser.
    pub fn superuser(&self) -> &str {
        self.postgres.superuser()
    }
}

/// Returns PostgreSQL's programs: those in `IRSA_POSTGRES_BIN`, otherwise the pinned version from the cache.
pub async fn binaries() -> Result<PostgresBinaries, Error> {
    let explicit = std::env::var_os("IRSA_POSTGRES_BIN").filter(|folder| !folder.is_empty());
    let explicit = explicit.map(PathBuf::from);
    Ok(PostgresBinaries::locate(explicit.as_deref(), &cache_folder()?, &print_line).await?)
}

/// Returns PostgreSQL's programs in this directory.
pub async fn binaries_in(folder: &Path) -> Result<PostgresBinaries, Error> {
    Ok(PostgresBinaries::locate(Some(folder), &cache_folder()?, &print_line).await?)
}

/// Returns the directory for downloaded programs: `IRSA_CACHE_DIR`, otherwise the machine's or the user's cache.
pub fn cache_folder() -> Result<PathBuf, Error> {
    cache::folder(std::env::var_os)
        .ok_or_else(|| "no directory for the cache: HOME is not set".into())
}

/// Writes a CA, and a certificate for `localhost`, 127.0.0.1 and [`ENDPOINT`].
fn certificates(folder: &Path) -> Result<TlsFiles, Error> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(DnType::CommonName, "interop");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", ENDPOINT].map(str::to_owned);
    let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
    let files = TlsFiles {
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
    };
    fs::write(folder.join("ca.pem"), authority.pem())?;
    fs::write(&files.certificate, certificate.pem())?;
    fs::write(&files.key, key.serialize_pem())?;
    Ok(files)
}
