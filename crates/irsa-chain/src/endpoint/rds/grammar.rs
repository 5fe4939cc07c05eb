//! The grammar of RDS host names: `IDENTITY.REGION.rds.SUFFIX`, or `IDENTITY.rds.REGION.SUFFIX` in China and the isolated
//! regions.

use super::{RdsEndpoint, RdsEndpointKind, Scope};
use crate::Partition;
use crate::endpoint::host::{self, CLASSIC, Expected};

/// The prefixes of the label with the account's ID. An ID has no dash, so at most one of them matches.
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
    let host = host::normalize(text)?;
    let (front, suffix) = host::split_suffix(&host, CLASSIC).ok_or(KNOWN)?;
    let (identity, region, is_fips) = split_service(front).ok_or(KNOWN)?;
    let kind = parse_kind(identity).ok_or(KNOWN)?;
    let scope = match (kind, region) {
        (RdsEndpointKind::GlobalWriter, "global") => Scope::Global(suffix_partition(suffix)),
        (RdsEndpointKind::GlobalWriter, _) => return Err(KNOWN.into()),
        (_, region) => Scope::Region(host::region_under(region, suffix, CLASSIC)?),
    };
    Ok(RdsEndpoint {
        host,
        kind,
        scope,
        is_fips,
    })
}

/// Splits off region and service, in either order. Returns the identity, the region, and whether the service is that of a
/// FIPS endpoint.
fn split_service(front: &str) -> Option<(&str, &str, bool)> {
    let (front, last) = front.rsplit_once('.')?;
    let (identity, last_but_one) = front.rsplit_once('.')?;
    match (is_fips(last), is_fips(last_but_one)) {
        (Some(is_fips), _) => Some((identity, last_but_one, is_fips)),
        (None, Some(is_fips)) => Some((identity, last, is_fips)),
        (None, None) => None,
    }
}

/// Returns whether the service is that of a FIPS endpoint; `None` if it is not RDS.
fn is_fips(service: &str) -> Option<bool> {
    match service {
        "rds" => Some(false),
        "rds-fips" => Some(true),
        _ => None,
    }
}

/// The kind of endpoint, from the labels before region and service: `NAME.cluster-ro-ID`.
fn parse_kind(identity: &str) -> Option<RdsEndpointKind> {
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

/// Returns whether `text` can be the ID that stands for an account in a region.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn suffix_partition(suffix: &str) -> Partition {
    CLASSIC
        .iter()
        .find(|(s, _)| *s == suffix)
        .map_or(Partition::Aws, |(_, partition)| *partition)
}
