//! How the proxy's clients are met: TLS, and what they must show.

use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls;
use irsa_opensearch::PasswordCheck;
use irsa_postgres::{PasswordFileError, ScramUsers};
use rustls::ServerConfig;

use super::Mistakes;
use crate::cli::ClientArgs;

/// What is spoken on a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Protocol {
    Postgres,
    Http,
}

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

/// What a client must show, whatever it speaks.
enum Access {
    Passwords(ScramUsers),
    Certificate,
    UnixUser(u32),
    Nothing,
}

/// The passwords of a file, as HTTP shows them.
#[derive(Debug)]
struct Passwords(ScramUsers);

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
    mistakes.check("--client-passwords", clients.postgres_auth());
    clients
}

fn listener_tls(args: &ClientArgs, mistakes: &mut Mistakes) -> Option<Arc<ServerConfig>> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            let client_ca = args.client_ca.as_deref();
            mistakes.collect(tls::server_config_from_files(cert, key, client_ca, &[]))
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

// === impl Protocol ===

impl Protocol {
    /// Its name in ALPN (IANA "TLS ALPN Protocol IDs").
    fn alpn(self) -> &'static [u8] {
        match self {
            Self::Postgres => b"postgresql",
            Self::Http => b"http/1.1",
        }
    }

    /// The same certificate for this protocol.
    pub(crate) fn over(self, tls: &ServerConfig) -> Arc<ServerConfig> {
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![self.alpn().to_vec()];
        Arc::new(tls)
    }
}

// === impl ClientSettings ===

impl ClientSettings {
    /// Whether a listener that others can reach lets only known clients in.
    pub(super) fn guards_listeners(&self) -> bool {
        self.passwords.is_some() || self.asks_for_certificate
    }

    /// The way PostgreSQL's clients are let in.
    pub(crate) fn postgres_auth(&self) -> Result<irsa_postgres::ClientAuth, PasswordFileError> {
        use irsa_postgres::ClientAuth;
        Ok(match self.access()? {
            Access::Passwords(users) => ClientAuth::Scram(users),
            Access::Certificate => ClientAuth::Certificate,
            Access::UnixUser(uid) => ClientAuth::UnixUser(uid),
            Access::Nothing => ClientAuth::Local,
        })
    }

    /// The way OpenSearch's clients are let in.
    pub(crate) fn http_auth(&self) -> Result<irsa_opensearch::ClientAuth, PasswordFileError> {
        use irsa_opensearch::ClientAuth;
        Ok(match self.access()? {
            Access::Passwords(users) => ClientAuth::Password(Arc::new(Passwords(users))),
            Access::Certificate => ClientAuth::Certificate,
            Access::UnixUser(uid) => ClientAuth::UnixUser(uid),
            Access::Nothing => ClientAuth::Local,
        })
    }

    fn access(&self) -> Result<Access, PasswordFileError> {
        if let Some(path) = &self.passwords {
            return ScramUsers::from_file(path).map(Access::Passwords);
        }
        Ok(match self.uid {
            _ if self.asks_for_certificate => Access::Certificate,
            Some(uid) => Access::UnixUser(uid),
            None => Access::Nothing,
        })
    }
}

// === impl Passwords ===

impl PasswordCheck for Passwords {
    fn check(&self, user: &str, password: &[u8]) -> bool {
        self.0.is_password(user, password)
    }
}
