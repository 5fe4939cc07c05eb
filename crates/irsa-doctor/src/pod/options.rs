//! The options of the pod checks.

use std::sync::Arc;

use irsa_chain::{Region, RoleArn, ServiceAccount};
use irsa_identity::{Clock, IdentitySettings, RoleStep, SigningService};
use irsa_net::connect::HttpProxy;
use irsa_net::rustls::pki_types::ServerName;

/// The options of the pod checks.
#[derive(Debug, Clone)]
pub struct Options {
    /// The identity settings, as for `irsa proxy`. Time limits are replaced with shorter ones, and its CA file is
    /// trusted for every server.
    pub identity: IdentitySettings,
    /// The expected role, if it is not the one in the environment.
    pub role: Option<RoleArn>,
    /// The expected service account of the token, if known.
    pub service_account: Option<ServiceAccount>,
    /// The host and port to connect to for the token's issuer, if they differ from those in its URL.
    pub issuer_dial: Option<(String, u16)>,
    /// The databases that the workload uses.
    pub databases: Vec<DatabaseTarget>,
    /// The OpenSearch domains that it uses.
    pub domains: Vec<DomainTarget>,
    /// The time that tokens, signatures and AWS's clock are compared with.
    pub clock: Arc<dyn Clock>,
}

/// The route to a data store. The name to sign for and the address to connect to can differ.
#[derive(Debug, Clone)]
pub struct Route {
    /// The endpoint whose name is signed.
    pub sign_host: String,
    /// The endpoint's port, signed along with it for databases.
    pub sign_port: u16,
    /// The region of the signature.
    pub region: Region,
    /// The host to connect to.
    pub dial_host: String,
    /// The port to connect to.
    pub dial_port: u16,
    /// The HTTP proxy that opens the connection, if any.
    pub http_proxy: Option<HttpProxy>,
    /// The name that the server's certificate must contain.
    pub tls_name: ServerName<'static>,
}

/// A database and the user that logs in to it.
#[derive(Debug, Clone)]
pub struct DatabaseTarget {
    /// The route to it.
    pub route: Route,
    /// The database user; without one, no login is attempted.
    pub user: Option<String>,
    /// The database; by default, the one with the user's name.
    pub name: Option<String>,
    /// A role to assume only for this database.
    pub role: Option<RoleStep>,
}

/// An OpenSearch domain or collection.
#[derive(Debug, Clone)]
pub struct DomainTarget {
    /// The route to it.
    pub route: Route,
    /// The service that its requests are signed for.
    pub service: SigningService,
    /// A role to assume only for this domain.
    pub role: Option<RoleStep>,
}

impl DatabaseTarget {
    /// The label `USER@HOST:PORT/DATABASE`, without the unknown parts. Labels are unique in a report.
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
