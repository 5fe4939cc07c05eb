//! Reads the name of the node's role from the instance metadata service.

use std::time::Duration;

use irsa_identity::{IdentityError, Inspection};
use tokio::time::timeout;

/// The name of the node's role, or why it is unknown.
pub(in crate::pod) type NodeRole = Result<String, NodeRefusal>;

/// The reason why the node's role is unknown.
#[derive(Debug)]
pub(in crate::pod) enum NodeRefusal {
    /// The settings do not allow the request.
    NotAttempted(IdentityError),
    /// The service refused the request, or the connection was refused.
    Rejected(IdentityError),
    /// The service did not respond, as with a hop limit of 1.
    TimedOut,
}

/// The time limit for the service, which is one hop away or unreachable.
const TIMEOUT: Duration = Duration::from_millis(1_500);

/// Requests the name of the node's role from the instance metadata service.
pub(in crate::pod) async fn read(inspection: Result<Inspection, IdentityError>) -> NodeRole {
    let inspection = inspection.map_err(NodeRefusal::NotAttempted)?;
    match timeout(TIMEOUT, inspection.node_role()).await {
        Ok(answer) => answer.map_err(NodeRefusal::Rejected),
        Err(_) => Err(NodeRefusal::TimedOut),
    }
}
