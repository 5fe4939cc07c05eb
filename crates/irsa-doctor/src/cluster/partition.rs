//! The role's partition.

use irsa_chain::{Cause, Link, Region};

use super::{Cluster, containers};
use crate::{Check, CheckOutcome, Place};

pub(super) static PARTITION: Check = Check {
    id: "role-partition",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is the role of the region's partition?",
    description: "Compares the partition in the role's ARN with that of the region, which is the one given, that of a \
               container's AWS_REGION, or that in the name of an EKS issuer.",
    causes: &[Cause::PartitionMismatch],
    needs: &["account-role"],
};

pub(super) async fn fits(cluster: &mut Cluster) -> CheckOutcome {
    let Some(role) = &cluster.workload.role else {
        return CheckOutcome::not_applicable("the service account names no role");
    };
    let Some((region, whence)) = region(cluster) else {
        return CheckOutcome::not_applicable("no region is set that it could be at odds with");
    };
    let (ours, theirs) = (role.partition(), region.partition());
    let seen = format!(
        "{whence} {} is of `{theirs}`, the role of `{ours}`",
        region.as_str()
    );
    if ours == theirs {
        return CheckOutcome::holds(seen);
    }
    let right = role.as_str().replacen(ours.as_str(), theirs.as_str(), 1);
    CheckOutcome::broken(Cause::PartitionMismatch, seen).remedy(format!(
        "put `{right}` into the annotation eks.amazonaws.com/role-arn if that is the role meant, and delete the pods"
    ))
}

/// The region, and where it stands.
fn region(cluster: &Cluster) -> Option<(Region, &'static str)> {
    let given = cluster.region.clone().map(|region| (region, "the region"));
    given
        .or_else(|| Some((of_containers(cluster)?, "the pod's region")))
        .or_else(|| Some((of_issuer(cluster)?, "the issuer's region")))
}

fn of_containers(cluster: &Cluster) -> Option<Region> {
    let pod = cluster.learned.pod.as_ref()?;
    let names = containers::of_concern(cluster);
    let mut all = names.iter().filter_map(|name| pod.container(name));
    all.find_map(|container| {
        let names = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        names
            .iter()
            .find_map(|name| container.value(name)?.parse().ok())
    })
}

/// `oidc.eks.REGION.amazonaws.com/id/…`.
fn of_issuer(cluster: &Cluster) -> Option<Region> {
    let issuer = cluster.workload.issuer.as_ref()?;
    let rest = issuer.host_and_path().strip_prefix("oidc.eks.")?;
    rest.split('.').next()?.parse().ok()
}
