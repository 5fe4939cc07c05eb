//! The role that sets up the data stores: the master user of domains, and the reader of administrators' passwords.

use super::context::Context;
use super::iam::{self, Parts};
use super::pod_identity;
use crate::hcl::{Block, Body, Expression};
use crate::policies;
use crate::stack::Setup;

/// The role with its policy, and its associations.
pub(super) fn body(context: &Context<'_>) -> Option<Body> {
    let stack = context.stack;
    let (setup, role) = (context.setup()?, context.setup_role()?);
    let arn = Expression::reference(context.own_role_arn(&role));
    let permissions = policies::setup_permissions(stack, setup);
    let account = iam::account(&setup.service_account);
    let clusters = stack.clusters.iter();
    let parts = Parts {
        role,
        permissions: Expression::policy(&permissions, &context.admin_secrets()),
        trust: policies::setup_trust(stack, setup),
        accounts: clusters
            .map(|cluster| (cluster, vec![account.clone()]))
            .collect(),
    };
    let body = Body::new()
        .comment("The role of the setup. Who can create pods with its service account is an administrator of the data stores.")
        .blocks(parts.blocks(context))
        .blocks(associations(context, setup, &arn));
    Some(body)
}

/// Associations in the clusters without workloads that use tokens.
fn associations(context: &Context<'_>, setup: &Setup, role: &Expression) -> Vec<Block> {
    let clusters = context.stack.clusters.iter();
    let clusters = clusters.filter(|cluster| !context.stack.uses_tokens(cluster));
    let account = &setup.service_account;
    let association = |cluster| pod_identity::association(context, cluster, account, role.clone());
    clusters.map(association).collect()
}
