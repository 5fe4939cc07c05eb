//! Partitions that do not match the region.

use irsa_chain::{Partition, Region};

use super::{Part, Suggestion};

/// Detects the wrong partition in the ARN of an EKS cluster's provider.
pub(super) fn provider_mismatch(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let (_, issuer) = name.split_once(":oidc-provider/")?;
    let region = issuer.strip_prefix("oidc.eks.")?.split('.').next()?;
    mismatch(name, region)
}

pub(super) fn arn_mismatch(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    mismatch(arn, arn.split(':').nth(3)?)
}

/// Suggests the ARN with the partition of the region, if it has a different one.
fn mismatch(arn: &str, region: &str) -> Option<Suggestion> {
    let rest = arn.strip_prefix("arn:")?;
    let (partition, rest) = rest.split_once(':')?;
    let own: Partition = partition.parse().ok()?;
    let meant = region.parse::<Region>().ok()?.partition();
    (own != meant).then(|| Some(format!("arn:{meant}:{rest}")))
}
