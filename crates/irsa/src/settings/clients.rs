//! How the proxy's clients are met: TLS, and what they must show.

use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls;
use irsa_postgres::{ClientAuth, PasswordFileError, ScramUsers};
use rustls::ServerConfig;

use super::Mistakes;
use crate::cli::ClientArgs;

/// PostgreSQL's name in ALPN (IANA "TLS ALPN Protocol IDs").
pub(crate) const ALPN: &[&[u8]] = &[b"postgresql"];

/// How clients are met.
#[derive(Debug, Clone)]
pub(crate) struct ClientSettings {
    /// TLS with a certificate of the user's own; otherwise one is made up for localhost.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) tls_ca_out: Option<PathBuf>,
    pub(crate) asks_for_certificate: bool,
    pub(crate) passwords: Option<PathBuf>,
    pub(crate) uid: Option<u32>,
}

pub(super) fn resolve(args: ClientArgs, mistakes: &mut Mistakes) -> ClientSettings {
    let uid = args.client_uid.as_deref().filter(|uid| !uid.is_empty());
    let uid = uid.map(|uid| uid.parse().map_err(|_| format!("`{uid}` is not a user id")));
    let clients = ClientSettings {
        tls: listener_tls(&args, mistakes),
        tls_ca_out: args.tls_ca_out,
        asks_for_certificate: args.client_ca.is_some(),
        passwords: args.client_passwords,
        uid: uid.and_then(|uid| mistakes.check("--client-uid", uid)),
    };
    mistakes.check("--client-passwords", clients.auth());
    clients
}

fn listener_tls(args: &ClientArgs, mistakes: &mut Mistakes) -> Option<Arc<ServerConfig>> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            let client_ca = args.client_ca.as_deref();
            mistakes.collect(tls::server_config_from_files(cert, key, client_ca, ALPN))
        }
        (None, None) => {
            if args.client_ca.is_some() {
                mistakes.add(
                    "--client-ca needs --tls-cert and --tls-key: clients must trust the listener",
                );
            }
            None
        }
        _ => {
            mistakes.add("--tls-cert and --tls-key go together");
            None
        }
    }
}

// === impl ClientSettings ===

impl ClientSettings {
    /// Whether a listener that others can reach lets only known clients in.
    pub(super) fn guards_listeners(&self) -> bool {
        self.passwords.is_some() || self.asks_for_certificate
    }

    /// The way clients are let in.
    pub(crate) fn auth(&self) -> Result<ClientAuth, PasswordFileError> {
        if let Some(path) = &self.passwords {
            return ScramUsers::from_file(path).map(ClientAuth::Scram);
        }
        Ok(match self.uid {
            _ if self.asks_for_certificate => ClientAuth::Certificate,
            Some(uid) => ClientAuth::UnixUser(uid),
            None => ClientAuth::Local,
        })
    }
}
