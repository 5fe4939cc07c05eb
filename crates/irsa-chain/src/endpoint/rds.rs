//! Endpoints of Amazon RDS and Aurora.

use std::str::FromStr;

use crate::text::str_type;
use crate::{ParseError, Partition, Region};

mod grammar;
#[cfg(test)]
mod tests;

/// The host name of a database endpoint.
///
/// Names are compared as DNS does: upper case and a trailing dot are normalised away. The forms
/// are those of "Amazon Aurora endpoint connections" and "Working with Amazon RDS Proxy
/// endpoints" in the Aurora user guide, and those that AWS's database drivers know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RdsEndpoint {
    host: String,
    kind: RdsEndpointKind,
    place: Place,
    is_fips: bool,
}

/// What an [`RdsEndpoint`] leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RdsEndpointKind {
    /// The writer of a cluster: `NAME.cluster-ID.…`.
    Cluster,
    /// One of a cluster's readers: `NAME.cluster-ro-ID.…`.
    ClusterReader,
    /// A custom endpoint of a cluster: `NAME.cluster-custom-ID.…`.
    ClusterCustom,
    /// One instance, of a cluster or alone: `NAME.ID.…`.
    Instance,
    /// The default endpoint of an RDS Proxy: `NAME.proxy-ID.…`.
    Proxy,
    /// A further endpoint of an RDS Proxy: `NAME.endpoint.proxy-ID.…`.
    ProxyEndpoint,
    /// A shard group of Aurora Limitless: `NAME.shardgrp-ID.…`.
    ShardGroup,
    /// The writer of a global database, in whichever region it is: `NAME.global-ID.global.…`.
    GlobalWriter,
}

/// Where the endpoint is: a region, or only a partition for global names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Region(Region),
    Global(Partition),
}

impl RdsEndpoint {
    /// The host name, in lower case and without a trailing dot.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the endpoint leads to.
    pub fn kind(&self) -> RdsEndpointKind {
        self.kind
    }

    /// The region in the name. A global writer's has none: it must be configured or discovered.
    pub fn region(&self) -> Option<&Region> {
        match &self.place {
            Place::Region(region) => Some(region),
            Place::Global(_) => None,
        }
    }

    /// The partition, by region; by suffix for global writers, where GovCloud can't be told from
    /// the commercial partition and is taken for it.
    pub fn partition(&self) -> Partition {
        match &self.place {
            Place::Region(region) => region.partition(),
            Place::Global(partition) => *partition,
        }
    }

    /// Whether the name is one of the FIPS 140 endpoints (`rds-fips`).
    pub fn is_fips(&self) -> bool {
        self.is_fips
    }

    /// Whether this is the green side of a blue/green deployment: `NAME-green-abc123`.
    pub fn is_green(&self) -> bool {
        let is_id = |id: &str| id.len() == 6 && grammar::is_id(id);
        self.identifier()
            .rsplit_once("-green-")
            .is_some_and(|(_, id)| is_id(id))
    }

    /// Whether this is the blue side after a switch-over: `NAME-old1`.
    pub fn is_old(&self) -> bool {
        self.identifier().ends_with("-old1")
    }

    /// The name of the cluster, instance, proxy or endpoint: the first label of the host.
    pub fn identifier(&self) -> &str {
        self.host.split('.').next().unwrap_or_default()
    }

    /// The endpoint of the instance `name` in the same account and region, as a cluster's topology
    /// names its members. `None` if this endpoint is not a cluster's or an instance's, or if `name`
    /// can't be an instance's.
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
