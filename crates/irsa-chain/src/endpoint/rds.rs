//! Endpoints of Amazon RDS and Aurora.

use std::str::FromStr;

use crate::text::str_type;
use crate::{ParseError, Partition, Region};

mod grammar;
#[cfg(test)]
mod tests;

/// The host name of a database endpoint.
///
/// Names are normalized to lower case without a trailing dot. The formats are those of "Amazon Aurora endpoint
/// connections" and "Working with Amazon RDS Proxy endpoints" in the Aurora user guide, and those that the AWS database
/// drivers know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RdsEndpoint {
    host: String,
    kind: RdsEndpointKind,
    scope: Scope,
    is_fips: bool,
}

/// The type of an [`RdsEndpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RdsEndpointKind {
    /// The writer of a cluster: `NAME.cluster-ID.…`.
    Cluster,
    /// The reader endpoint of a cluster: `NAME.cluster-ro-ID.…`.
    ClusterReader,
    /// A custom endpoint of a cluster: `NAME.cluster-custom-ID.…`.
    ClusterCustom,
    /// A single instance, with or without a cluster: `NAME.ID.…`.
    Instance,
    /// The default endpoint of an RDS Proxy: `NAME.proxy-ID.…`.
    Proxy,
    /// An additional endpoint of an RDS Proxy: `NAME.endpoint.proxy-ID.…`.
    ProxyEndpoint,
    /// A shard group of Aurora Limitless: `NAME.shardgrp-ID.…`.
    ShardGroup,
    /// The writer of a global database, regardless of its region: `NAME.global-ID.global.…`.
    GlobalWriter,
}

/// The scope of an endpoint: a region, or a partition for global names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Scope {
    Region(Region),
    Global(Partition),
}

impl RdsEndpoint {
    /// The host name, in lower case and without a trailing dot.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The type of the endpoint.
    pub fn kind(&self) -> RdsEndpointKind {
        self.kind
    }

    /// The region in the name. The name of a global writer has no region: it must be configured or discovered.
    pub fn region(&self) -> Option<&Region> {
        match &self.scope {
            Scope::Region(region) => Some(region),
            Scope::Global(_) => None,
        }
    }

    /// The partition of the region. For global writers, the suffix decides; GovCloud has the same suffix as the commercial
    /// partition and is reported as that.
    pub fn partition(&self) -> Partition {
        match &self.scope {
            Scope::Region(region) => region.partition(),
            Scope::Global(partition) => *partition,
        }
    }

    /// Returns whether it is a FIPS 140 endpoint (`rds-fips`).
    pub fn is_fips(&self) -> bool {
        self.is_fips
    }

    /// Returns whether this is the green environment of a blue/green deployment: `NAME-green-abc123`.
    pub fn is_green(&self) -> bool {
        let is_id = |id: &str| id.len() == 6 && grammar::is_id(id);
        self.identifier()
            .rsplit_once("-green-")
            .is_some_and(|(_, id)| is_id(id))
    }

    /// Returns whether this is the blue environment after a switchover: `NAME-old1`.
    pub fn is_old(&self) -> bool {
        self.identifier().ends_with("-old1")
    }

    /// The name of the cluster, instance, proxy or endpoint: the first label of the host.
    pub fn identifier(&self) -> &str {
        self.host.split('.').next().unwrap_or_default()
    }

    /// The endpoint of the instance `name`, from the topology of a cluster, in the same account and region. `None` if this
    /// endpoint is not for a cluster or an instance, or if `name` is not a valid instance name.
    pub fn instance(&self, name: &str) -> Option<Self> {
        match self.kind {
            RdsEndpointKind::Cluster
            | RdsEndpointKind::ClusterReader
            | RdsEndpointKind::ClusterCustom
            | RdsEndpointKind::Instance => {}
            RdsEndpointKind::Proxy
            | RdsEndpointKind::ProxyEndpoint
            | RdsEndpointKind::ShardGroup
            | RdsEndpointKind::GlobalWriter => return None,
        }
        let (_, prefixed_id_and_domain) = self.host.split_once('.')?;
        let (prefixed_id, domain) = prefixed_id_and_domain.split_once('.')?;
        let id = prefixed_id.rsplit('-').next()?;
        let endpoint: Self = format!("{name}.{id}.{domain}").parse().ok()?;
        (endpoint.kind == RdsEndpointKind::Instance).then_some(endpoint)
    }

    fn as_str(&self) -> &str {
        &self.host
    }
}

impl FromStr for RdsEndpoint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        grammar::parse(text).map_err(|expected| ParseError::new("an RDS endpoint", text, expected))
    }
}

str_type!(RdsEndpoint);
