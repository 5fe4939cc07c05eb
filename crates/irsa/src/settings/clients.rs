//! The TLS of the listeners, and the authentication of their clients.

use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls::ServerIdentity;
use irsa_opensearch::PasswordCheck;
use irsa_postgres::{CertificateUsers, ScramUsers};
use rustls::ServerConfig;

use super::Mistakes;
use crate::cli::ClientArgs;

/// The protocol of a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Protocol {
    Postgres,
    Http,
}

/// The TLS of the listeners, and the requirements for clients. [`super::exposure`] decides which of them apply to which
/// listener.
#[derive(Debug, Clone)]
pub(crate) struct ClientSettings {
    /// The certificate of the configuration; `None` for one that irsa generates for localhost.
    pub(crate) tls: Option<ServerIdentity>,
    pub(crate) tls_ca_out: Option<PathBuf>,
    /// The user ID that `--client-uid` requires.
    pub(crate) uid: Option<u32>,
    certificate: Option<Arc<CertificateUsers>>,
    passwords: Option<Arc<ScramUsers>>,
    pub(super) given: GivenRequirements,
}

/// The kinds of requirements that were given, even if a file could not be read.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether a flag was given, and they combine freely"
)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GivenRequirements {
    pub(super) uid: bool,
    pub(super) certificate: bool,
    pub(super) cert_users: bool,
    pub(super) passwords: bool,
}

/// The users of a password file, for HTTP Basic authentication.
#[derive(Debug)]
struct Passwords(Arc<ScramUsers>);

pub(super) fn resolve(args: ClientArgs, mistakes: &mut Mistakes) -> ClientSettings {
    let tls = listener_tls(&args, mistakes);
    let uid = args.client_uid.as_deref().filter(|uid| !uid.is_empty());
    let uid = uid.map(|uid| {
        uid.parse()
            .map_err(|_| format!("`{uid}` is not a numeric user ID"))
    });
    let uid = uid.and_then(|uid| mistakes.check("--client-uid", uid));
    let passwords = args.client_passwords.as_deref().map(ScramUsers::from_file);
    let passwords = passwords.and_then(|users| mistakes.check("--client-passwords", users));
    let users = args.client_cert_users.as_deref();
    let users = users.map_or_else(
        || Some(CertificateUsers::default()),
        |file| mistakes.check("--client-cert-users", CertificateUsers::from_file(file)),
    );
    ClientSettings {
        tls,
        uid,
        certificate: users.filter(|_| args.client_ca.is_some()).map(Arc::new),
        passwords: passwords.map(Arc::new),
        given: GivenRequirements {
            uid: uid.is_some(),
            certificate: args.client_ca.is_some(),
            cert_users: args.client_cert_users.is_some(),
            passwords: args.client_passwords.is_some(),
        },
        tls_ca_out: args.tls_ca_out,
    }
}

fn listener_tls(args: &ClientArgs, mistakes: &mut Mistakes) -> Option<ServerIdentity> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            let client_ca = args.client_ca.as_deref();
            mistakes.collect(ServerIdentity::from_files(cert, key, client_ca))
        }
        (None, None) => {
            if args.client_ca.is_some() {
                mistakes.add(
                    "--client-ca requires --tls-cert and --tls-key, because clients must trust the listener",
                );
            }
            None
        }
        _ => {
            mistakes.add("--tls-cert and --tls-key must be set together");
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
    /// Returns whether clients must show a certificate.
    pub(crate) fn requires_certificates(&self) -> bool {
        self.certificate.is_some()
    }

    /// Replaces the users and passwords that clients are checked against by those of `fresh`.
    pub(crate) fn replace_users(&self, fresh: &Self) {
        if let (Some(current), Some(fresh)) = (&self.certificate, &fresh.certificate) {
            current.replace(fresh);
        }
        if let (Some(current), Some(fresh)) = (&self.passwords, &fresh.passwords) {
            current.replace(fresh);
        }
    }

    /// Returns the requirements for PostgreSQL clients.
    pub(crate) fn postgres_auth(&self) -> irsa_postgres::ClientAuth {
        irsa_postgres::ClientAuth {
            unix_uid: self.uid,
            certificate: self.certificate.clone(),
            passwords: self.passwords.clone(),
        }
    }

    /// Returns the requirements for OpenSearch clients.
    pub(crate) fn http_auth(&self) -> irsa_opensearch::ClientAuth {
        let passwords = self.passwords.clone();
        irsa_opensearch::ClientAuth {
            unix_uid: self.uid,
            certificate: self.certificate.is_some(),
            passwords: passwords.map(|users| Arc::new(Passwords(users)) as Arc<dyn PasswordCheck>),
        }
    }
}

// === impl Passwords ===

impl PasswordCheck for Passwords {
    fn check(&self, user: &str, password: &[u8]) -> bool {
        self.0.is_password(user, password)
    }

    fn generation(&self) -> u64 {
        self.0.replacements()
    }
}
