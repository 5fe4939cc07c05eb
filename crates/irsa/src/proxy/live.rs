//! The parts of a running proxy that can be replaced: certificates, keys, CAs and passwords.

use std::sync::Arc;

use irsa_identity::{Identity, IdentityError};
use irsa_net::tls::{ReplaceableRoots, ReplaceableServer};

use super::prepare::tls_failure;
use crate::exit::Failure;
use crate::settings::{ClientSettings, ProxySettings};

pub(crate) struct Live {
    pub(super) roots: Arc<ReplaceableRoots>,
    /// `None` if irsa generates the certificate.
    pub(super) server: Option<Arc<ReplaceableServer>>,
    clients: ClientSettings,
    identity: Identity,
}

/// Returns the CAs that servers are verified with.
pub(super) fn roots(settings: &ProxySettings) -> Result<Arc<ReplaceableRoots>, Failure> {
    let roots = ReplaceableRoots::new(&settings.roots).map_err(tls_failure)?;
    Ok(Arc::new(roots))
}

// === impl Live ===

impl Live {
    pub(super) fn new(
        settings: &ProxySettings,
        roots: Arc<ReplaceableRoots>,
        identity: &Identity,
    ) -> Self {
        let server = settings.clients.tls.clone().map(ReplaceableServer::new);
        Self {
            roots,
            server: server.map(Arc::new),
            clients: settings.clients.clone(),
            identity: identity.clone(),
        }
    }

    /// Replaces all parts with those of `fresh`, for future handshakes, logins and requests.
    ///
    /// # Errors
    /// The CA file has become invalid since it was read. Nothing changes.
    pub(crate) fn replace(&self, fresh: &ProxySettings) -> Result<(), IdentityError> {
        self.identity.read_roots_again(&fresh.identity)?;
        if let Err(error) = self.roots.replace(&fresh.roots) {
            tracing::error!(%error, "cannot replace the trusted CAs");
        }
        // Adding or removing the requirement of client certificates needs a restart, because the check of users would
        // not match the handshake.
        let is_alike =
            self.clients.requires_certificates() == fresh.clients.requires_certificates();
        if let (Some(server), Some(identity), true) = (&self.server, &fresh.clients.tls, is_alike) {
            server.replace(identity.clone());
        }
        self.clients.replace_users(&fresh.clients);
        Ok(())
    }
}
