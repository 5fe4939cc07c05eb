//! Endpoints: what a host name of AWS says about itself.

mod host;
mod opensearch;
mod rds;

pub use opensearch::{OpenSearchEndpoint, OpenSearchEndpointKind};
pub use rds::{RdsEndpoint, RdsEndpointKind};
