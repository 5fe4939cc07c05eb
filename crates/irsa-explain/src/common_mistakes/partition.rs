//! Partitions that contradict the region.

use irsa_chain::{Partition, Region};

use super::{Found, Part};

/// The provider of an EKS cluster.
pub(super) fn of_provider(_: &Part<'_>, name: &str) -> Option<Found> {
    let (_, issuer) = name.split_once(":oidc-provider/")?;
    let region = issuer.strip_prefix("oidc.eks.")?.split('.').next()?;
    contradiction(name, region)
}

pub(super) fn of_arn(_: &Part<'_>, arn: &str) -> Option<Found> {
    contradiction(arn, arn.split(':').nth(3)?)
}

/// The ARN with the partition of the region, if it has a different one.
fn contradiction(arn: &str, region: &str) -> Option<Found> {
    let rest = arn.strip_prefix("arn:")?;
    let (partition, rest) = rest.split_once(':')?;
    let own: Partition = partition.parse().ok()?;
    let meant = region.parse::<Region>().ok()?.partition();
    (own != meant).then(|| Some(format!("arn:{meant}:{rest}")))
}
