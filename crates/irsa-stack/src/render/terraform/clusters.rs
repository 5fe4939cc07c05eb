//! EKS clusters, which exist, and their OIDC providers.

use super::context::Context;
use super::versions::Eks;
use crate::hcl::{Block, Body, Expression};
use crate::stack::{Cluster, Workload};

pub(super) fn body(context: &Context<'_>) -> Body {
    let clusters = context.stack.clusters.iter();
    clusters.fold(Body::new(), |body, one| cluster(context, body, one))
}

fn cluster(context: &Context<'_>, body: Body, cluster: &Cluster) -> Body {
    let name = context.cluster_name(&cluster.name);
    let data = Body::new().text("name", &cluster.name);
    let body = body.block(Block::named("data", "aws_eks_cluster", name, data));
    let body = if has_tokens(context, cluster) {
        let issuer = Expression::reference(context.issuer(&cluster.name));
        let data = Body::new().set("url", issuer);
        body.block(Block::named(
            "data",
            "aws_iam_openid_connect_provider",
            name,
            data,
        ))
    } else {
        body
    };
    match cluster.hop_limit {
        Some(limit) => body.comment(&hop_limit(context.versions.eks, &cluster.name, limit)),
        None => body,
    }
}

/// Returns whether a role trusts tokens of the cluster.
fn has_tokens(context: &Context<'_>, cluster: &Cluster) -> bool {
    let needs = |one: &Workload| {
        !one.uses_pod_identity
            && one.clusters.contains(&cluster.name)
            && context
                .stack
                .role(one)
                .is_some_and(|role| !role.is_external)
    };
    let setup_needs = context.setup().is_some() && context.stack.uses_tokens(cluster);
    setup_needs || context.stack.workloads.iter().any(needs)
}

/// Returns the change in the code of the cluster. In versions 19 and 20 of the module, given options replace all of the
/// defaults, so that the hop limit alone would permit IMDSv1.
fn hop_limit(module: Eks, cluster: &str, limit: u64) -> String {
    let options = format!(
        "metadata_options = {{
  http_endpoint               = \"enabled\"
  http_tokens                 = \"required\"
  http_put_response_hop_limit = {limit}
}}"
    );
    let (place, options) = match module {
        Eks::V19 | Eks::V20 => (
            "in the module of the cluster",
            format!(
                "eks_managed_node_group_defaults = {{\n{}\n}}",
                indented(&options)
            ),
        ),
        Eks::V21 => ("in each of the module's eks_managed_node_groups", options),
    };
    let version = module.name();
    format!(
        "The hop limit of the nodes of {cluster} is set where the nodes are created, which replaces them.\nWith version \
         {version} of terraform-aws-modules/eks/aws, {place}, and only if\nuse_custom_launch_template is true (the \
         default):\n\n{}",
        indented(&options)
    )
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
