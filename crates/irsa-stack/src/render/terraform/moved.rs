//! `moved` blocks for roles. A role and the attachment of its policy have other addresses in each version of the IAM
//! module, and without the module. Without these blocks, Terraform would destroy one and create the other: a role with a
//! new ID, and a destruction that can come last and detach the policy from the role.

use super::context::Context;
use super::versions::Iam;
use crate::hcl::{Block, Body};

/// The blocks of all roles that Terraform creates, if there are any.
pub(super) fn body(context: &Context<'_>) -> Option<Body> {
    let moves = context.own_roles().flat_map(|role| {
        let name = context.role_name(role.arn);
        moves(name, role.is_plain, context.versions.iam)
    });
    let moves: Vec<_> = moves.collect();
    (!moves.is_empty()).then(|| Body::new().blocks(moves))
}

/// The addresses in a chain: an address has one source only.
fn moves(name: &str, is_plain: bool, iam: Iam) -> Vec<Block> {
    let role = format!("aws_iam_role.{name}");
    let role_in_module = format!("module.{name}.aws_iam_role.this[0]");
    let attachment = format!("aws_iam_role_policy_attachment.{name}");
    let in_module = |resource: &str| {
        format!("module.{name}.aws_iam_role_policy_attachment.{resource}[\"policy\"]")
    };
    let (in_v5, in_v6) = (in_module("this"), in_module("additional"));
    match (is_plain, iam) {
        (true, _) => vec![
            moved(&role_in_module, &role),
            moved(&in_v5, &in_v6),
            moved(&in_v6, &attachment),
        ],
        (false, Iam::V5) => vec![
            moved(&role, &role_in_module),
            moved(&attachment, &in_v6),
            moved(&in_v6, &in_v5),
        ],
        (false, Iam::V6) => vec![
            moved(&role, &role_in_module),
            moved(&attachment, &in_v5),
            moved(&in_v5, &in_v6),
        ],
    }
}

fn moved(from: &str, to: &str) -> Block {
    let body = Body::new().reference("from", from).reference("to", to);
    Block::plain("moved", body)
}
