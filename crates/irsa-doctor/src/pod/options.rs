//! What is examined.

use std::sync::Arc;

use irsa_chain::{Region, RoleArn, ServiceAccount};
use irsa_identity::{Clock, IdentitySettings, RoleStep, SigningService};
use irsa_net::rustls::pki_types::ServerName;

/// What is checked from inside the pod.
#[derive(Debug, Clone)]
pub struct Options {
    /// The identity, as `irsa proxy` would be given it. Its time limits are replaced by shorter ones. Its file of
    /// certificate authorities is believed of every server.
    pub identity: IdentitySettings,
    /// The role that it should end in, where that is known better than from the environment.
    pub role: Option<RoleArn>,
    /// The service account whose token it should be, where that is known.
    pub service_account: Option<ServiceAccount>,
    /// The host and port to connect to for the token's issuer, if not those of its URL.
    pub issuer_dial: Option<(String, u16)>,
    /// The databases that the workload uses.
    pub databases: Vec<DatabaseTarget>,
    /// The OpenSearch domains that it uses.
    pub domains: Vec<DomainTarget>,
    /// The time that tokens, signatures and AWS's clock are compared with.
    pub clock: Arc<dyn Clock>,
}

/// The route to a data store: the name that is signed for and the address to connect to may differ.
#[derive(Debug, Clone)]
pub struct Route {
    /// The endpoint whose name is signed.
    pub sign_host: String,
    /// The endpoint's port, signed along with it for databases.
    pub sign_port: u16,
    /// The region of the signature.
    pub region: Region,
    /// The host that is dialed.
    pub dial_host: String,
    /// The port that is dialed.
    pub dial_port: u16,
    /// The name that the server's certificate must hold.
    pub tls_name: ServerName<'static>,
}

/// A database and who logs in to it.
#[derive(Debug, Clone)]
pub struct DatabaseTarget {
    /// The route to it.
    pub route: Route,
    /// The database user; no login can be tried without one.
    pub user: Option<String>,
    /// The database; the user's name where it is absent.
    pub name: Option<String>,
    /// A role to assume for it alone.
    pub role: Option<RoleStep>,
}

/// An OpenSearch domain or collection.
#[derive(Debug, Clone)]
pub struct DomainTarget {
    /// The route to it.
    pub route: Route,
    /// The service that its requests are signed for.
    pub service: SigningService,
    /// A role to assume for it alone.
    pub role: Option<RoleStep>,
}

impl DatabaseTarget {
    /// `USER@HOST:PORT/DATABASE`, as far as it is known: no two of a report are the same.
    pub fn label(&self) -> String {
        let Route {
            sign_host,
            sign_port,
            ..
        } = &self.route;
        let user = self.user.as_ref().map(|user| format!("{user}@"));
        let name = self.name.as_ref().map(|name| format!("/{name}"));
        [user, Some(format!("{sign_host}:{sign_port}")), name]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl DomainTarget {
    /// The endpoint's host.
    pub fn label(&self) -> String {
        self.route.sign_host.clone()
    }
}
