//! The data folder, ready to be started on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::binaries::ensure_reachable;
use super::{PostgresBinaries, PostgresError, PostgresOptions, TlsFiles, configuration, template};

/// Makes data and socket folder (if need be), and writes the configuration.
pub(super) async fn prepare(
    binaries: &PostgresBinaries,
    options: &PostgresOptions,
    port: u16,
) -> Result<(), PostgresError> {
    configuration::check_socket_dir(&options.socket_dir)?;
    for folder in [&options.data_dir, &options.socket_dir] {
        private_folder(binaries, folder)?;
    }
    if !options.data_dir.join("PG_VERSION").exists() {
        template::fill(binaries, &options.data_dir, &options.superuser).await?;
    }
    let conf = configuration::postgresql_conf(options, port)?;
    private_file(
        binaries,
        &options.data_dir.join("postgresql.conf"),
        conf.as_bytes(),
    )?;
    let hba = configuration::pg_hba_conf(options);
    private_file(
        binaries,
        &options.data_dir.join("pg_hba.conf"),
        hba.as_bytes(),
    )?;
    options
        .tls
        .as_ref()
        .map_or(Ok(()), |tls| certificate(binaries, &options.data_dir, tls))
}

fn certificate(
    binaries: &PostgresBinaries,
    data_dir: &Path,
    tls: &TlsFiles,
) -> Result<(), PostgresError> {
    for (from, to) in [(&tls.certificate, "server.crt"), (&tls.key, "server.key")] {
        let bytes = fs::read(from).map_err(PostgresError::file("read", from))?;
        private_file(binaries, &data_dir.join(to), &bytes)?;
    }
    Ok(())
}

/// Creates a folder that only the server's account can enter; one that exists must be within its reach.
fn private_folder(binaries: &PostgresBinaries, folder: &Path) -> Result<(), PostgresError> {
    if !folder.exists() {
        fs::create_dir_all(folder).map_err(PostgresError::file("create", folder))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(PostgresError::file("protect", folder))?;
        own(binaries, folder)?;
    }
    ensure_reachable(folder, binaries.run_as())
}

/// Writes a file that only the server's account can read, and never through a name that already exists.
fn private_file(
    binaries: &PostgresBinaries,
    path: &Path,
    bytes: &[u8],
) -> Result<(), PostgresError> {
    let folder = path.parent().unwrap_or(path);
    let mut file =
        tempfile::NamedTempFile::new_in(folder).map_err(PostgresError::file("write to", folder))?;
    std::io::Write::write_all(&mut file, bytes).map_err(PostgresError::file("write", path))?;
    own(binaries, file.path())?;
    file.persist(path)
        .map_err(|error| PostgresError::file("write", path)(error.error))?;
    Ok(())
}

fn own(binaries: &PostgresBinaries, path: &Path) -> Result<(), PostgresError> {
    let Some(account) = binaries.run_as() else {
        return Ok(());
    };
    account
        .own(path)
        .map_err(PostgresError::file("give away", path))
}
