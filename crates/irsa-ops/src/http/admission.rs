//! The interface through which handlers report the authentication of clients.

use std::sync::Arc;

use super::connection_state::ConnectionState;
use super::connections::Connections;

/// The admission of a remote client that has not authenticated yet.
///
/// It is an extension of every request on such a connection, see [`Connections::with_authentication`].
#[derive(Clone, Debug)]
pub struct Admission {
    pub(super) connections: Connections,
    pub(super) state: Arc<ConnectionState>,
}

/// The maximum number of connections is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many connections are open")]
pub struct TooManyConnections;

impl Admission {
    /// Returns whether there are too many unauthenticated clients. The handler must then reject the request and close
    /// the connection.
    pub fn is_refused(&self) -> bool {
        self.state.is_refused()
    }

    /// Counts the client as authenticated. Repeated calls have no effect.
    ///
    /// # Errors
    /// The maximum number of connections is in use. The handler must reject the request.
    pub async fn authenticated(&self) -> Result<(), TooManyConnections> {
        if self.state.is_unauthenticated() {
            let permit = self.connections.try_served().await;
            self.state.authenticated(permit.ok_or(TooManyConnections)?);
        }
        Ok(())
    }
}
