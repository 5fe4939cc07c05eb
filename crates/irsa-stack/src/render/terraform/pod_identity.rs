//! Associations of EKS Pod Identity.

use irsa_chain::ServiceAccount;

use super::context::{Context, identifier};
use crate::hcl::{Block, Body, Expression};
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
    let association = |one: &Workload| {
        let role = context.role_arn(context.stack.role(one)?);
        let account = &one.service_account;
        Some(association(context, cluster, account, role))
    };
    workloads.into_iter().filter_map(association).collect()
}

/// The association of a service account in a cluster.
pub(super) fn association(
    context: &Context<'_>,
    cluster: &Cluster,
    account: &ServiceAccount,
    role: Expression,
) -> Block {
    let name = context.cluster_name(&cluster.name);
    let body = Body::new()
        .reference("cluster_name", format!("data.aws_eks_cluster.{name}.name"))
        .text("namespace", account.namespace())
        .text("service_account", account.name())
        .set("role_arn", role);
    let (namespace, account) = (identifier(account.namespace()), identifier(account.name()));
    // Only names of service accounts have dots.
    let block = format!("{name}-{namespace}-{}", account.replace('.', "-"));
    Block::named("resource", "aws_eks_pod_identity_association", &block, body)
}
