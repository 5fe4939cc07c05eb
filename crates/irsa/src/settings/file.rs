//! The settings file: the same names as the flags, as TOML or YAML.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shown;
use crate::cli::{AdminArgs, ClientArgs, IdentityArgs, LimitArgs, LogArgs};

/// What a settings file may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct FileSettings {
    pub(super) upstreams: Vec<String>,
    identity: Option<String>,
    region: Option<String>,
    ca_file: Option<PathBuf>,
    sts_endpoint: Option<String>,
    fips: bool,
    dual_stack: bool,
    session_name: Option<String>,
    role: Option<String>,
    external_id: Option<String>,
    log_format: Option<String>,
    log_level: Option<String>,
    max_connections: Option<usize>,
    startup_timeout: Option<String>,
    login_timeout: Option<String>,
    idle_timeout: Option<String>,
    drain_delay: Option<String>,
    drain_timeout: Option<String>,
    admin_address: Option<String>,
    status_address: Option<String>,
    tls_ca_out: Option<PathBuf>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
    client_passwords: Option<PathBuf>,
    client_uid: Option<u32>,
}

/// Reads `path` by its ending; without a path there is nothing to read.
pub(super) fn read(path: Option<&Path>) -> Result<FileSettings, String> {
    let Some(path) = path else {
        return Ok(FileSettings::default());
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the settings file `{}` can't be read: {error}", shown(path)))?;
    let parsed = match path.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => toml::from_str(&text).map_err(|error| error.to_string()),
        Some("yaml" | "yml") => serde_saphyr::from_str(&text).map_err(|error| error.to_string()),
        _ => Err("its name must end in .toml, .yaml or .yml".to_owned()),
    };
    parsed.map_err(|error| format!("the settings file `{}`: {error}", shown(path)))
}

// === impl FileSettings ===

impl FileSettings {
    pub(super) fn identity_under(&self, typed: IdentityArgs) -> IdentityArgs {
        IdentityArgs {
            identity: typed.identity.or_else(|| self.identity.clone()),
            region: typed.region.or_else(|| self.region.clone()),
            ca_file: typed.ca_file.or_else(|| self.ca_file.clone()),
            sts_endpoint: typed.sts_endpoint.or_else(|| self.sts_endpoint.clone()),
            fips: typed.fips || self.fips,
            dual_stack: typed.dual_stack || self.dual_stack,
            session_name: typed.session_name.or_else(|| self.session_name.clone()),
            role: typed.role.or_else(|| self.role.clone()),
            external_id: typed.external_id.or_else(|| self.external_id.clone()),
        }
    }

    pub(super) fn logs_under(&self, typed: LogArgs) -> LogArgs {
        LogArgs {
            log_format: typed.log_format.or_else(|| self.log_format.clone()),
            log_level: typed.log_level.or_else(|| self.log_level.clone()),
        }
    }

    pub(super) fn limits_under(&self, typed: LimitArgs) -> LimitArgs {
        let max_connections = self.max_connections.map(|number| number.to_string());
        LimitArgs {
            max_connections: typed.max_connections.or(max_connections),
            startup_timeout: typed.startup_timeout.or_else(|| self.startup_timeout.clone()),
            login_timeout: typed.login_timeout.or_else(|| self.login_timeout.clone()),
            idle_timeout: typed.idle_timeout.or_else(|| self.idle_timeout.clone()),
            drain_delay: typed.drain_delay.or_else(|| self.drain_delay.clone()),
            drain_timeout: typed.drain_timeout.or_else(|| self.drain_timeout.clone()),
        }
    }

    pub(super) fn admin_under(&self, typed: AdminArgs) -> AdminArgs {
        AdminArgs {
            admin_address: typed.admin_address.or_else(|| self.admin_address.clone()),
            status_address: typed.status_address.or_else(|| self.status_address.clone()),
        }
    }

    pub(super) fn clients_under(&self, typed: ClientArgs) -> ClientArgs {
        let uid = self.client_uid.map(|uid| uid.to_string());
        ClientArgs {
            tls_ca_out: typed.tls_ca_out.or_else(|| self.tls_ca_out.clone()),
            tls_cert: typed.tls_cert.or_else(|| self.tls_cert.clone()),
            tls_key: typed.tls_key.or_else(|| self.tls_key.clone()),
            client_ca: typed.client_ca.or_else(|| self.client_ca.clone()),
            client_passwords: typed.client_passwords.or_else(|| self.client_passwords.clone()),
            client_uid: typed.client_uid.or(uid),
        }
    }
}
