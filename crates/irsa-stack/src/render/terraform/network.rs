//! Security groups: each store admits the EKS clusters whose workloads use it, and nothing else.

use super::any_store::AnyStore;
use super::context::{Context, identifier};
use crate::hcl::{Block, Body, Expression};
use crate::stack::{Cluster, Network};

/// A store that is created in the network.
pub(super) struct Store<'s> {
    pub(super) kind: &'static str,
    pub(super) key: &'s str,
    pub(super) port: u16,
    pub(super) clusters: Vec<&'s Cluster>,
}

/// Variables, if a store is created.
pub(super) fn variables(context: &Context<'_>) -> Option<Body> {
    if !AnyStore::all(context.stack).any(|store| store.origin.is_created()) {
        return None;
    }
    let description = "Security groups of the nodes by EKS cluster, where it is not the cluster's own. Nodes of \
                       terraform-aws-modules/eks have the group of the module's output node_security_group_id.";
    let body = Body::new()
        .text("description", description)
        .reference("type", "map(string)")
        .set(
            "default",
            Expression::object([("", Expression::Flag(false)); 0]),
        )
        .block(validation(context));
    Some(Body::new().block(Block::new("variable", ["node_security_group_ids"], body)))
}

/// A key that is not a cluster would have no effect.
fn validation(context: &Context<'_>) -> Block {
    let clusters = context.stack.clusters.iter();
    // The name of a cluster has neither quotes nor `$`.
    let names: Vec<_> = clusters.map(|one| format!("\"{}\"", one.name)).collect();
    let condition = format!(
        "length(setsubtract(keys(var.node_security_group_ids), [{}])) == 0",
        names.join(", ")
    );
    let body = Body::new().reference("condition", condition).text(
        "error_message",
        "Each key must be the name of an EKS cluster in irsa.yaml.",
    );
    Block::plain("validation", body)
}

/// The security group of a store, and its rules.
pub(super) fn security_group(
    context: &Context<'_>,
    network: &Network,
    store: &Store<'_>,
) -> Vec<Block> {
    let block = format!("{}_{}", store.kind, identifier(store.key));
    // A group can't be deleted while the store has it.
    let lifecycle = Body::new().flag("create_before_destroy", true);
    let body = Body::new()
        .text(
            "name",
            format!("{}-{}-{}", context.stack.name, store.kind, store.key),
        )
        .text(
            "description",
            "Admits the EKS clusters whose workloads use it",
        )
        .text("vpc_id", &network.vpc)
        .block(Block::plain("lifecycle", lifecycle));
    let group = Block::named("resource", "aws_security_group", &block, body);
    let clusters = store.clusters.iter();
    let rules = clusters.map(|cluster| rule(context, &block, cluster, store.port));
    [group].into_iter().chain(rules).collect()
}

/// The group of a created store.
pub(super) fn security_group_ids(kind: &str, key: &str) -> Expression {
    let group = format!("aws_security_group.{kind}_{}.id", identifier(key));
    Expression::List(vec![Expression::reference(group)])
}

fn rule(context: &Context<'_>, group: &str, cluster: &Cluster, port: u16) -> Block {
    let name = context.cluster_name(&cluster.name);
    let own = format!("data.aws_eks_cluster.{name}.vpc_config[0].cluster_security_group_id");
    // The name of a cluster has neither quotes nor `$`.
    let source = format!(
        "lookup(var.node_security_group_ids, \"{}\", {own})",
        cluster.name
    );
    let port = Expression::Integer(port.into());
    let body = Body::new()
        .reference(
            "security_group_id",
            format!("aws_security_group.{group}.id"),
        )
        .reference("referenced_security_group_id", source)
        .text("ip_protocol", "tcp")
        .set("from_port", port.clone())
        .set("to_port", port);
    let block = format!("{group}-{name}");
    Block::named(
        "resource",
        "aws_vpc_security_group_ingress_rule",
        &block,
        body,
    )
}
