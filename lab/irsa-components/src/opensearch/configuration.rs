//! The directory of a node: certificates, the security plugin's initial configuration, log layout.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, KeyPair};

use super::identity::{ADMIN, FORWARDED_FOR, ROLES, ROLES_SEPARATOR, USER};
use super::{OpenSearchBinaries, OpenSearchError};
use crate::files::{FileError, private_file, private_folder};

/// The subject of the node's certificate, as the plugin formats it.
pub(super) const NODE: &str = "CN=irsa";

/// Files of the plugin that are used unchanged.
const UNCHANGED: [&str; 7] = [
    "action_groups.yml",
    "allowlist.yml",
    "audit.yml",
    "nodes_dn.yml",
    "roles.yml",
    "tenants.yml",
    "whitelist.yml",
];

const INTERNAL_USERS: &str = "_meta: {type: internalusers, config_version: 2}\n";

const LOG: &str = "\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %marker%m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
";

/// The directories of a node.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    pub(super) configuration: PathBuf,
    pub(super) data: PathBuf,
    pub(super) logs: PathBuf,
    /// For files that Java unpacks.
    pub(super) temporary: PathBuf,
    pub(super) log_file: PathBuf,
}

impl Folders {
    pub(super) fn new(folder: &Path) -> Result<Self, OpenSearchError> {
        let folder = std::path::absolute(folder).map_err(FileError::when("find", folder))?;
        Ok(Self {
            configuration: folder.join("config"),
            data: folder.join("data"),
            logs: folder.join("logs"),
            temporary: folder.join("tmp"),
            log_file: folder.join("opensearch.log"),
        })
    }

    /// Creates missing directories, and writes the configuration.
    pub(super) fn prepare(&self, binaries: &OpenSearchBinaries) -> Result<(), OpenSearchError> {
        let security = self.configuration.join("opensearch-security");
        for folder in [
            &self.configuration,
            &security,
            &self.data,
            &self.logs,
            &self.temporary,
        ] {
            private_folder(folder, binaries.run_as())?;
        }
        let write = |name: &str, text: &str| {
            private_file(
                &self.configuration.join(name),
                text.as_bytes(),
                binaries.run_as(),
            )
        };
        write("log4j2.properties", LOG)?;
        let (certificate, key) = certificate()?;
        write("node.pem", &certificate)?;
        write("node.key", &key)?;
        let brought = binaries.home().join("plugins/opensearch-security/config");
        for name in UNCHANGED {
            let path = brought.join(name);
            let text = fs::read_to_string(&path).map_err(FileError::when("read", &path))?;
            write(&format!("opensearch-security/{name}"), &text)?;
        }
        write("opensearch-security/internal_users.yml", INTERNAL_USERS)?;
        write("opensearch-security/roles_mapping.yml", &roles_mapping())?;
        Ok(write("opensearch-security/config.yml", &authentication())?)
    }
}

/// Returns a self-signed certificate for the transport port, which the plugin requires though nothing connects to it.
fn certificate() -> Result<(String, String), OpenSearchError> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, "irsa");
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Returns the initial mappings of the administrator.
fn roles_mapping() -> String {
    format!(
        "_meta: {{type: rolesmapping, config_version: 2}}\n\
         all_access: {{reserved: false, backend_roles: [{ADMIN}]}}\n\
         security_rest_api_access: {{reserved: false, backend_roles: [{ADMIN}]}}\n"
    )
}

/// Returns the only authentication method: the identity that the front asserts.
fn authentication() -> String {
    format!(
        r#"_meta: {{type: config, config_version: 2}}
config:
  dynamic:
    http:
      anonymous_auth_enabled: false
      xff: {{enabled: true, internalProxies: '127\.0\.0\.1', remoteIpHeader: {FORWARDED_FOR}}}
    authc:
      asserted:
        http_enabled: true
        transport_enabled: true
        order: 0
        http_authenticator:
          type: proxy
          challenge: false
          config: {{user_header: {USER}, roles_header: {ROLES}, roles_separator: "{ROLES_SEPARATOR}"}}
        authentication_backend: {{type: noop}}
    authz: {{}}
"#
    )
}
