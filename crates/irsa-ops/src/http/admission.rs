//! What a handler says of a client that had to authenticate.

use std::sync::Arc;

use super::connections::Connections;
use super::member::Member;

/// The standing of a client of another machine that has not authenticated.
///
/// It is an extension of every request on such a connection, see
/// [`Connections::with_authentication`].
#[derive(Clone, Debug)]
pub struct Admission {
    pub(super) connections: Connections,
    pub(super) member: Arc<Member>,
}

/// All connections that are served are busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many connections are open")]
pub struct TooManyConnections;

impl Admission {
    /// Whether too many clients have not authenticated: the request must be refused, and the
    /// connection closed.
    pub fn is_refused(&self) -> bool {
        self.member.is_refused()
    }

    /// Counts the client among those that are served. More than once does no harm.
    ///
    /// # Errors
    /// All of these are busy: the request must be refused.
    pub async fn authenticated(&self) -> Result<(), TooManyConnections> {
        if self.member.is_stranger() {
            let permit = self.connections.try_served().await;
            self.member.authenticated(permit.ok_or(TooManyConnections)?);
        }
        Ok(())
    }
}
