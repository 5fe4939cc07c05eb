//! Associations of EKS Pod Identity.

use super::context::{Context, identifier};
use crate::hcl::{Block, Body};
use crate::stack::{Cluster, Workload};

/// An association for each service account with EKS Pod Identity in each of its clusters.
pub(super) fn associations<'c>(context: &'c Context<'_>) -> impl Iterator<Item = Block> + 'c {
    let clusters = context.stack.clusters.iter();
    clusters.flat_map(|cluster| in_cluster(context, cluster))
}

fn in_cluster(context: &Context<'_>, cluster: &Cluster) -> Vec<Block> {
    let is_here = |one: &&Workload| one.uses_pod_identity && one.clusters.contains(&cluster.name);
    let workloads = context.stack.workloads.iter().filter(is_here);
    let mut workloads: Vec<_> = workloads.collect();
    workloads.sort_by_key(|one| &one.service_account);
    workloads.dedup_by_key(|one| &one.service_account);
    let workloads = workloads.into_iter();
    workloads
        .filter_map(|one| association(context, cluster, one))
        .collect()
}

fn association(context: &Context<'_>, cluster: &Cluster, workload: &Workload) -> Option<Block> {
    let account = &workload.service_account;
    let role = context.stack.role(workload)?;
    let name = context.cluster_name(&cluster.name);
    let body = Body::new()
        .reference("cluster_name", format!("data.aws_eks_cluster.{name}.name"))
        .text("namespace", account.namespace())
        .text("service_account", account.name())
        .set("role_arn", context.role_arn(role));
    let (namespace, account) = (identifier(account.namespace()), identifier(account.name()));
    // Only names of service accounts have dots.
    let block = format!("{name}-{namespace}-{}", account.replace('.', "-"));
    Some(Block::named(
        "resource",
        "aws_eks_pod_identity_association",
        &block,
        body,
    ))
}
