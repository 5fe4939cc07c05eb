//! The grammar of RDS host names: `IDENTITY.REGION.rds.SUFFIX`, or `IDENTITY.rds.REGION.SUFFIX` in
//! China and the isolated regions.

use super::{Place, RdsEndpoint, RdsEndpointKind};
use crate::Partition;
use crate::endpoint::host::{self, CLASSIC, Expected};

/// What begins the label of the account's ID. An ID has no dash, so at most one of them fits.
const BY_PREFIX: [(&str, RdsEndpointKind); 6] = [
    ("cluster-custom-", RdsEndpointKind::ClusterCustom),
    ("cluster-ro-", RdsEndpointKind::ClusterReader),
    ("cluster-", RdsEndpointKind::Cluster),
    ("proxy-", RdsEndpointKind::Proxy),
    ("shardgrp-", RdsEndpointKind::ShardGroup),
    ("global-", RdsEndpointKind::GlobalWriter),
];

const KNOWN: &str = "an endpoint such as NAME.cluster-ID.REGION.rds.amazonaws.com (also \
                     cluster-ro-ID, cluster-custom-ID, shardgrp-ID, proxy-ID, endpoint.proxy-ID, \
                     or ID for an instance), NAME.global-ID.global.rds.amazonaws.com, or in China \
                     NAME.cluster-ID.rds.REGION.amazonaws.com.cn";

pub(super) fn parse(text: &str) -> Result<RdsEndpoint, Expected> {
    let host = host::normalise(text)?;
    let (front, suffix) = host::split_suffix(&host, CLASSIC).ok_or(KNOWN)?;
    let (identity, region, is_fips) = split_service(front).ok_or(KNOWN)?;
    let kind = kind_of(identity).ok_or(KNOWN)?;
    let place = match (kind, region) {
        (RdsEndpointKind::GlobalWriter, "global") => Place::Global(partition_of(suffix)),
        (RdsEndpointKind::GlobalWriter, _) => return Err(KNOWN.into()),
        (_, region) => Place::Region(host::region_under(region, suffix, CLASSIC)?),
    };
    Ok(RdsEndpoint {
        host,
        kind,
        place,
        is_fips,
    })
}

/// Identity, region and whether the service is that of a FIPS endpoint, in either order of region
/// and service.
fn split_service(front: &str) -> Option<(&str, &str, bool)> {
    let (front, last) = front.rsplit_once('.')?;
    let (identity, last_but_one) = front.rsplit_once('.')?;
    match (fips_of(last), fips_of(last_but_one)) {
        (Some(is_fips), _) => Some((identity, last_but_one, is_fips)),
        (None, Some(is_fips)) => Some((identity, last, is_fips)),
        (None, None) => None,
    }
}

fn fips_of(service: &str) -> Option<bool> {
    match service {
        "rds" => Some(false),
        "rds-fips" => Some(true),
        _ => None,
    }
}

/// The kind, by the labels before region and service: `NAME.cluster-ro-ID`.
fn kind_of(identity: &str) -> Option<RdsEndpointKind> {
    let (name, id) = identity.rsplit_once('.')?;
    let kind = if is_id(id) {
        RdsEndpointKind::Instance
    } else {
        prefixed_kind(id)?
    };
    match (name.split_once('.'), kind) {
        (None, kind) => Some(kind),
        (Some((_, "endpoint")), RdsEndpointKind::Proxy) => Some(RdsEndpointKind::ProxyEndpoint),
        (Some(_), _) => None,
    }
}

fn prefixed_kind(label: &str) -> Option<RdsEndpointKind> {
    BY_PREFIX
        .into_iter()
        .find_map(|(prefix, kind)| is_id(label.strip_prefix(prefix)?).then_some(kind))
}

/// Whether `text` can be the part of the name that stands for an account in a region.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn partition_of(suffix: &str) -> Partition {
    CLASSIC
        .iter()
        .find(|(s, _)| *s == suffix)
        .map_or(Partition::Aws, |(_, partition)| *partition)
}
