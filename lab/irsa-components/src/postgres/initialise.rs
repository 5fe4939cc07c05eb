//! Preparation of a data directory.

use std::fs;
use std::path::Path;

use super::{PostgresBinaries, PostgresError, PostgresOptions, TlsFiles, configuration, template};
use crate::files::{private_file, private_folder};

/// Creates missing data and socket directories, and writes the configuration.
pub(super) async fn prepare(
    binaries: &PostgresBinaries,
    options: &PostgresOptions,
    port: u16,
) -> Result<(), PostgresError> {
    configuration::check_socket_dir(&options.socket_dir)?;
    for folder in [&options.data_dir, &options.socket_dir] {
        private_folder(folder, binaries.run_as())?;
    }
    if !options.data_dir.join("PG_VERSION").exists() {
        template::fill(binaries, &options.data_dir, &options.superuser).await?;
    }
    let conf = configuration::postgresql_conf(options, port)?;
    private_file(
        &options.data_dir.join("postgresql.conf"),
        conf.as_bytes(),
        binaries.run_as(),
    )?;
    let hba = configuration::pg_hba_conf(options);
    private_file(
        &options.data_dir.join("pg_hba.conf"),
        hba.as_bytes(),
        binaries.run_as(),
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
        private_file(&data_dir.join(to), &bytes, binaries.run_as())?;
    }
    Ok(())
}
