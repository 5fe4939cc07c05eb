//! The role that sets up the data stores: the master user of domains, and the reader of administrators' passwords.

use super::context::Context;
use super::iam;
use crate::hcl::{Body, Expression};
use crate::policies;

/// The role with its policy.
pub(super) fn body(context: &Context<'_>) -> Option<Body> {
    let stack = context.stack;
    let setup = context.setup()?;
    let permissions = policies::setup_permissions(stack, setup);
    let permissions = Expression::policy(&permissions, &context.admin_secrets());
    let (block, name) = (context.role_name(&setup.role), setup.role.name());
    let account = &setup.service_account;
    let account = format!("{}:{}", account.namespace(), account.name());
    let clusters = stack.clusters.iter();
    let trusted = clusters.map(|cluster| (cluster, vec![account.clone()]));
    let module = iam::module(context, block, name, trusted.collect());
    let body = Body::new()
        .comment("The role of the setup. Who can create pods with its service account is an administrator of the data stores.")
        .block(iam::policy(context, block, name, permissions))
        .blocks(module);
    Some(body)
}
