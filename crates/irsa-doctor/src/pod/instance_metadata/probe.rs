//! The node's role, as the instance metadata service names it.

use std::time::Duration;

use irsa_identity::{IdentityError, Inspection};
use tokio::time::timeout;

/// The name of the node's role, or why it is unknown.
pub(in crate::pod) type NodeRole = Result<String, NodeRefusal>;

/// Why the node's role is unknown.
#[derive(Debug)]
pub(in crate::pod) enum NodeRefusal {
    /// The settings do not allow the request.
    NotAttempted(IdentityError),
    /// The service refused the request, or the connection was refused.
    Rejected(IdentityError),
    /// There was no answer, as with a hop limit of 1.
    TimedOut,
}

/// The time limit of the service: it is one hop away, or out of reach.
const TIMEOUT: Duration = Duration::from_millis(1_500);

/// Asks the instance metadata service for the name of the node's role.
pub(in crate::pod) async fn ask(inspection: Result<Inspection, IdentityError>) -> NodeRole {
    let inspection = inspection.map_err(NodeRefusal::NotAttempted)?;
    match timeout(TIMEOUT, inspection.node_role()).await {
        Ok(answer) => answer.map_err(NodeRefusal::Rejected),
        Err(_) => Err(NodeRefusal::TimedOut),
    }
}
