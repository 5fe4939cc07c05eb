//! What can be replaced while the proxy runs: certificates, keys, certificate authorities and passwords.

use std::sync::Arc;

use irsa_identity::{Identity, IdentityError};
use irsa_net::tls::{ReplaceableRoots, ReplaceableServer};

use super::prepare::tls_failure;
use crate::exit::Failure;
use crate::settings::{ClientSettings, ProxySettings};

pub(crate) struct Live {
    pub(super) roots: Arc<ReplaceableRoots>,
    /// `None` for a certificate that irsa generates.
    pub(super) server: Option<Arc<ReplaceableServer>>,
    clients: ClientSettings,
    identity: Identity,
}

// === impl Live ===

impl Live {
    pub(super) fn new(settings: &ProxySettings, identity: &Identity) -> Result<Self, Failure> {
        let roots = ReplaceableRoots::new(&settings.roots).map_err(tls_failure)?;
        let server = settings.clients.tls.clone().map(ReplaceableServer::new);
        Ok(Self {
            roots: Arc::new(roots),
            server: server.map(Arc::new),
            clients: settings.clients.clone(),
            identity: identity.clone(),
        })
    }

    /// Replaces everything by what `fresh` has, for handshakes, logins and requests from now on.
    ///
    /// # Errors
    /// A file of certificate authorities that was valid a moment ago no longer is. Nothing has changed then.
    pub(crate) fn replace(&self, fresh: &ProxySettings) -> Result<(), IdentityError> {
        self.identity.read_roots_again(&fresh.identity)?;
        if let Err(error) = self.roots.replace(&fresh.roots) {
            tracing::error!(%error, "cannot replace the certificate authorities");
        }
        // Requirements that are new or gone need a restart: the check of users would not go with the handshake.
        let is_alike =
            self.clients.requires_certificates() == fresh.clients.requires_certificates();
        if let (Some(server), Some(identity), true) = (&self.server, &fresh.clients.tls, is_alike) {
            server.replace(identity.clone());
        }
        self.clients.replace_users(&fresh.clients);
        Ok(())
    }
}
