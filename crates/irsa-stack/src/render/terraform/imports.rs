//! `import` blocks for roles that exist: Terraform takes them over instead of creating them.

use super::context::{Context, OwnRole};
use crate::hcl::{Block, Body, Expression};
use crate::stack::Import;

/// The blocks, if there are any. Once a role is in the state, its block has no effect.
pub(super) fn body(context: &Context<'_>) -> Option<Body> {
    let roles = context.stack.roles.iter();
    let imports = roles.filter_map(|role| Some((context.own_role(role), role.import?)));
    let blocks = imports.flat_map(|(role, import)| blocks(context, &role, import));
    let blocks: Vec<_> = blocks.collect();
    (!blocks.is_empty()).then(|| Body::new().blocks(blocks))
}

fn blocks(context: &Context<'_>, role: &OwnRole<'_>, import: Import) -> Vec<Block> {
    let name = context.role_name(role.arn);
    let to = if role.is_plain {
        format!("aws_iam_role.{name}")
    } else {
        format!("module.{name}.aws_iam_role.this[0]")
    };
    let mut blocks = vec![block(to, role.arn.name())];
    if import == Import::RoleAndPolicy {
        let (partition, account) = (role.arn.partition(), role.arn.account());
        let (path, policy) = (&context.stack.iam.path, role.policy);
        let arn = format!("arn:{partition}:iam::{account}:policy{path}{policy}");
        blocks.push(block(format!("aws_iam_policy.{name}"), &arn));
    }
    blocks
}

fn block(to: String, id: &str) -> Block {
    let body = Body::new()
        .reference("to", to)
        .set("id", Expression::text(id));
    Block::plain("import", body)
}
