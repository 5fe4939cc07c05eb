//! The files of a proxy without a database: passwords, certificates, the socket.

use std::fs;
use std::path::Path;

use irsa_net::tls::LocalAuthority;
use tempfile::TempDir;

/// The endpoint of a database that does not exist.
pub(crate) const DATABASE: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";
/// The endpoint of a domain that does not exist.
pub(crate) const DOMAIN: &str =
    "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
/// The password of [`VERIFIER`].
pub(crate) const PASSWORD: &str = "correct horse";
const VERIFIER: &str = "SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$tSgetjYW5SQlNzIxJAKMryuDGH8Snw5oWcj1eOW0ZyI=:bbZ1dJMgYYaKKR1fU1oGHkWJzi9OQY4yU8Fuksa1t70=";

/// A directory with the files of a proxy and its socket.
pub(crate) struct ProxyFiles(TempDir);

// === impl ProxyFiles ===

impl ProxyFiles {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> String {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Writes a file with [`PASSWORD`] as the password of `user`.
    pub(crate) fn write_passwords(&self, name: &str, user: &str) -> String {
        self.write(name, &format!("\"{user}\" \"{VERIFIER}\"\n"))
    }

    /// Writes a certificate signed by `authority`, and its key.
    pub(crate) fn write_certificate(&self, authority: &LocalAuthority) -> [String; 2] {
        let issued = authority.issue_server(&["localhost"]).unwrap();
        let key = self.write("tls.key", &issued.key_pem);
        [self.write("tls.crt", &issued.certificate_pem), key]
    }

    /// Returns an upstream to [`DATABASE`] with a socket in this directory.
    pub(crate) fn upstream(&self) -> String {
        let path = self.path().display();
        format!("postgres://{DATABASE}?dial=127.0.0.1:1&listen=unix:{path}")
    }
}
