//! IAM roles with their policies.

use irsa_chain::ServiceAccount;

use super::context::{Context, OwnRole};
use super::pod_identity;
use super::versions::Iam;
use crate::hcl::{Block, Body, Expression};
use crate::policies;
use crate::stack::{Cluster, Role, Workload};

/// The source of both versions of the module.
const MODULE: &str = "terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts";

/// What a role is made from.
pub(super) struct Parts<'s> {
    pub(super) role: OwnRole<'s>,
    pub(super) permissions: Expression,
    /// The trust policy of a role that is plain.
    pub(super) trust: String,
    /// The service accounts of a role by the IAM module: by cluster, as `NAMESPACE:NAME`.
    pub(super) accounts: Vec<(&'s Cluster, Vec<String>)>,
}

pub(super) fn body(context: &Context<'_>) -> Body {
    let own = context.stack.roles.iter().filter(|role| !role.is_external);
    let blocks = own.flat_map(|role| role_of_workloads(context, role));
    let body = Body::new().blocks(blocks);
    body.blocks(pod_identity::associations(context))
}

fn role_of_workloads(context: &Context<'_>, role: &Role) -> Vec<Block> {
    let permissions = policies::permissions(context.stack, role);
    let parts = Parts {
        role: context.own_role(role),
        permissions: Expression::policy(&permissions, &context.resource_ids()),
        trust: policies::trust(context.stack, role),
        accounts: accounts(context, role),
    };
    parts.blocks(context)
}

/// `NAMESPACE:NAME`.
pub(super) fn account(account: &ServiceAccount) -> String {
    format!("{}:{}", account.namespace(), account.name())
}

/// The service accounts of a role by cluster.
fn accounts<'s>(context: &Context<'s>, role: &Role) -> Vec<(&'s Cluster, Vec<String>)> {
    let here = |cluster: &'s Cluster| {
        let runs_here = |one: &&Workload| one.clusters.contains(&cluster.name);
        let here = context.stack.workloads_of(role).filter(runs_here);
        let mut accounts: Vec<_> = here.map(|one| account(&one.service_account)).collect();
        accounts.sort();
        accounts.dedup();
        (!accounts.is_empty()).then_some((cluster, accounts))
    };
    context.stack.clusters.iter().filter_map(here).collect()
}

// === impl Parts ===

impl Parts<'_> {
    /// The role with its policy.
    pub(super) fn blocks(self, context: &Context<'_>) -> Vec<Block> {
        let name = context.role_name(self.role.arn).to_owned();
        let policy = Body::new()
            .text("name", self.role.policy)
            .text("path", &context.stack.iam.path)
            .set("policy", self.permissions.clone());
        let policy = Block::named("resource", "aws_iam_policy", &name, policy);
        if self.role.is_plain {
            let role = self.plain(context, &name);
            vec![policy, role, attachment(&name)]
        } else {
            vec![policy, self.module(context, &name)]
        }
    }

    /// A role by the IAM module, with the policy of the same block name.
    fn module(&self, context: &Context<'_>, name: &str) -> Block {
        let iam = &context.stack.iam;
        let path = Expression::text(&iam.path);
        let role = Expression::text(self.role.arn.name());
        let boundary = iam.permissions_boundary.as_ref().map(Expression::text);
        let policy = Expression::reference(format!("aws_iam_policy.{name}.arn"));
        let policies = Expression::object([("policy", policy)]);
        let version = Expression::text(context.versions.iam_constraint());
        let body = match context.versions.iam {
            Iam::V5 => Body::new()
                .text("source", format!("{MODULE}-eks"))
                .set("version", version)
                .set("role_name", role)
                .set("role_path", path)
                .set_some("role_permissions_boundary_arn", boundary)
                .set("role_policy_arns", policies),
            Iam::V6 => Body::new()
                .text("source", MODULE)
                .set("version", version)
                .set("name", role)
                .flag("use_name_prefix", false)
                .set("path", path)
                .set_some("permissions_boundary", boundary)
                .set("policies", policies),
        };
        let providers = oidc_providers(context, &self.accounts);
        Block::new("module", [name], body.set("oidc_providers", providers))
    }

    /// A role whose trust policy is not one that the module writes.
    fn plain(&self, context: &Context<'_>, name: &str) -> Block {
        let iam = &context.stack.iam;
        let boundary = iam.permissions_boundary.as_ref().map(Expression::text);
        let trust = Expression::policy(&self.trust, &context.issuers(self.role.arn));
        let body = Body::new()
            .text("name", self.role.arn.name())
            .text("path", &iam.path)
            .set_some("permissions_boundary", boundary)
            .set("assume_role_policy", trust);
        Block::named("resource", "aws_iam_role", name, body)
    }
}

fn oidc_providers(context: &Context<'_>, accounts: &[(&Cluster, Vec<String>)]) -> Expression {
    let provider = |(cluster, accounts): &(&Cluster, Vec<String>)| {
        let arn = Expression::reference(context.oidc_provider(&cluster.name));
        let provider = [
            ("provider_arn", arn),
            ("namespace_service_accounts", Expression::texts(accounts)),
        ];
        (cluster.name.clone(), Expression::object(provider))
    };
    Expression::object(accounts.iter().map(provider))
}

fn attachment(name: &str) -> Block {
    let role = Expression::reference(format!("aws_iam_role.{name}.name"));
    let policy = Expression::reference(format!("aws_iam_policy.{name}.arn"));
    let body = Body::new().set("role", role).set("policy_arn", policy);
    Block::named("resource", "aws_iam_role_policy_attachment", name, body)
}
