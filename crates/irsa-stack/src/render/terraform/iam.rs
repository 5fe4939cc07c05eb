//! IAM roles of the workloads, with their policies.

use super::context::Context;
use super::pod_identity;
use super::versions::Iam;
use crate::hcl::{Block, Body, Expression};
use crate::policies;
use crate::stack::{Cluster, Role, Workload};

/// Where both versions of the module are.
const MODULE: &str = "terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts";

pub(super) fn body(context: &Context<'_>) -> Body {
    let own = context.stack.roles.iter().filter(|role| !role.is_external);
    let body = own.fold(Body::new(), |body, one| role(context, body, one));
    body.blocks(pod_identity::associations(context))
}

fn role(context: &Context<'_>, body: Body, role: &Role) -> Body {
    let name = context.role_name(&role.arn);
    let permissions = policies::permissions(context.stack, role);
    let permissions = Expression::policy(&permissions, &context.resource_ids());
    let body = body.block(policy(context, name, &role.policy, permissions));
    if context.is_plain(role) {
        body.block(plain(context, role)).block(attachment(name))
    } else {
        let trusted = trusted(context, role);
        body.blocks(module(context, name, role.arn.name(), trusted))
    }
}

/// A managed policy.
pub(super) fn policy(
    context: &Context<'_>,
    block: &str,
    name: &str,
    document: Expression,
) -> Block {
    let body = Body::new()
        .text("name", name)
        .text("path", &context.stack.iam.path)
        .set("policy", document);
    Block::named("resource", "aws_iam_policy", block, body)
}

/// A role by the IAM module, with the policy of the same block name. `trusted`: service accounts by cluster.
pub(super) fn module(
    context: &Context<'_>,
    block: &str,
    name: &str,
    trusted: Vec<(&Cluster, Vec<String>)>,
) -> Vec<Block> {
    let iam = &context.stack.iam;
    let (path, name) = (Expression::text(&iam.path), Expression::text(name));
    let boundary = iam.permissions_boundary.as_ref().map(Expression::text);
    let policy = Expression::reference(format!("aws_iam_policy.{block}.arn"));
    let policies = Expression::object([("policy", policy)]);
    let version = Expression::text(context.versions.iam_constraint());
    let body = match context.versions.iam {
        Iam::V5 => Body::new()
            .text("source", format!("{MODULE}-eks"))
            .set("version", version)
            .set("role_name", name)
            .set("role_path", path)
            .set_some("role_permissions_boundary_arn", boundary)
            .set("role_policy_arns", policies),
        Iam::V6 => Body::new()
            .text("source", MODULE)
            .set("version", version)
            .set("name", name)
            .flag("use_name_prefix", false)
            .set("path", path)
            .set_some("permissions_boundary", boundary)
            .set("policies", policies),
    };
    let body = body.set("oidc_providers", oidc_providers(context, trusted));
    let module = Block::new("module", [block], body);
    let is_renamed = context.versions.iam == Iam::V6;
    let moved = is_renamed.then(|| moved(block));
    [module].into_iter().chain(moved).collect()
}

/// Version 6 of the module has a different name for the attachment of version 5. If Terraform destroyed one and created
/// the other, the destruction could come last and detach the policy from the role.
fn moved(block: &str) -> Block {
    let attachment =
        |name: &str| format!("module.{block}.aws_iam_role_policy_attachment.{name}[\"policy\"]");
    let body = Body::new()
        .reference("from", attachment("this"))
        .reference("to", attachment("additional"));
    Block::plain("moved", body)
}

fn oidc_providers(context: &Context<'_>, trusted: Vec<(&Cluster, Vec<String>)>) -> Expression {
    let provider = |(cluster, accounts): (&Cluster, Vec<String>)| {
        let arn = Expression::reference(context.oidc_provider(&cluster.name));
        let accounts = Expression::texts(accounts);
        let provider = [
            ("provider_arn", arn),
            ("namespace_service_accounts", accounts),
        ];
        (cluster.name.clone(), Expression::object(provider))
    };
    Expression::object(trusted.into_iter().map(provider))
}

/// The service accounts of a role by cluster, as `NAMESPACE:NAME`.
fn trusted<'s>(context: &Context<'s>, role: &Role) -> Vec<(&'s Cluster, Vec<String>)> {
    let accounts = |cluster: &'s Cluster| {
        let runs_here = |one: &&Workload| one.clusters.contains(&cluster.name);
        let here = context.stack.workloads_of(role).filter(runs_here);
        let account = |one: &Workload| {
            let account = &one.service_account;
            format!("{}:{}", account.namespace(), account.name())
        };
        let mut accounts: Vec<_> = here.map(account).collect();
        accounts.sort();
        accounts.dedup();
        (!accounts.is_empty()).then_some((cluster, accounts))
    };
    context.stack.clusters.iter().filter_map(accounts).collect()
}

/// A role whose trust policy is not one that the module writes.
fn plain(context: &Context<'_>, role: &Role) -> Block {
    let iam = &context.stack.iam;
    let trust = policies::trust(context.stack, role);
    let boundary = iam.permissions_boundary.as_ref().map(Expression::text);
    let body = Body::new()
        .text("name", role.arn.name())
        .text("path", &iam.path)
        .set_some("permissions_boundary", boundary)
        .set(
            "assume_role_policy",
            Expression::policy(&trust, &context.issuers(&role.arn)),
        );
    Block::named(
        "resource",
        "aws_iam_role",
        context.role_name(&role.arn),
        body,
    )
}

fn attachment(name: &str) -> Block {
    let role = Expression::reference(format!("aws_iam_role.{name}.name"));
    let policy = Expression::reference(format!("aws_iam_policy.{name}.arn"));
    let body = Body::new().set("role", role).set("policy_arn", policy);
    Block::named("resource", "aws_iam_role_policy_attachment", name, body)
}
