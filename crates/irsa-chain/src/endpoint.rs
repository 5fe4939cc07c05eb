//! AWS endpoints, and the facts that their host names contain.

mod host;
mod opensearch;
mod rds;

pub use opensearch::{OpenSearchEndpoint, OpenSearchEndpointKind};
pub use rds::{RdsEndpoint, RdsEndpointKind};
