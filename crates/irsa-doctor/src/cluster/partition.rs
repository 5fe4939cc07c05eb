//! The role's partition.

use irsa_chain::{Cause, Link, Region};

use super::{Cluster, containers};
use crate::{Check, CheckOutcome, Place};

pub(super) static PARTITION: Check = Check {
    id: "role-partition",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the role's partition match the region?",
    description: "Compares the partition in the role's ARN with the region's. The region is the one given, a container's \
               AWS_REGION, or the one in the host name of an EKS issuer.",
    causes: &[Cause::PartitionMismatch],
    needs: &["account-role"],
};

pub(super) async fn matches_region(cluster: &mut Cluster) -> CheckOutcome {
    let Some(role) = &cluster.workload.role else {
        return CheckOutcome::not_applicable("the service account names no role");
    };
    let Some((region, source)) = region(cluster) else {
        return CheckOutcome::not_applicable("no region is known to compare the role with");
    };
    let (ours, theirs) = (role.partition(), region.partition());
    let seen = format!(
        "{source} {} is in partition `{theirs}`, the role in `{ours}`",
        region.as_str()
    );
    if ours == theirs {
        return CheckOutcome::holds(seen);
    }
    let right = role.as_str().replacen(ours.as_str(), theirs.as_str(), 1);
    CheckOutcome::broken(Cause::PartitionMismatch, seen).remedy(format!(
        "set the annotation eks.amazonaws.com/role-arn to `{right}` if that is the intended role, and delete the pods"
    ))
}

/// The region, and its source.
fn region(cluster: &Cluster) -> Option<(Region, &'static str)> {
    let given = cluster.region.clone().map(|region| (region, "the region"));
    given
        .or_else(|| Some((container_region(cluster)?, "the pod's region")))
        .or_else(|| Some((issuer_region(cluster)?, "the issuer's region")))
}

fn container_region(cluster: &Cluster) -> Option<Region> {
    let pod = cluster.learned.pod.as_ref()?;
    let names = containers::to_check(cluster);
    let mut all = names.iter().filter_map(|name| pod.container(name));
    all.find_map(|container| {
        let names = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        names
            .iter()
            .find_map(|name| container.value(name)?.parse().ok())
    })
}

/// `oidc.eks.REGION.amazonaws.com/id/…`.
fn issuer_region(cluster: &Cluster) -> Option<Region> {
    let issuer = cluster.workload.issuer.as_ref()?;
    let rest = issuer.host_and_path().strip_prefix("oidc.eks.")?;
    rest.split('.').next()?.parse().ok()
}
