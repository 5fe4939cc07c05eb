//! The role that sets up the data stores: the master user of domains, and the reader of administrators' passwords.

use serde_json::{Value, json};

use super::context::{Context, identifier};
use super::iam;
use crate::hcl::{Body, Expression, Substitution};
use crate::stack::{Origin, PostgresStore, Setup};

/// The role with its policy.
pub(super) fn body(context: &Context<'_>) -> Option<Body> {
    let setup = context.setup()?;
    let permissions = permissions(context, setup);
    let (block, name) = (context.role_name(&setup.role), setup.role.name());
    let account = &setup.service_account;
    let account = format!("{}:{}", account.namespace(), account.name());
    let clusters = context.stack.clusters.iter();
    let trusted = clusters.map(|cluster| (cluster, vec![account.clone()]));
    let module = iam::module(context, block, name, trusted.collect());
    let body = Body::new()
        .comment("The role of the setup. Who can create pods with its service account is an administrator of the data stores.")
        .block(iam::policy(context, block, name, permissions))
        .blocks(module);
    Some(body)
}

fn permissions(context: &Context<'_>, setup: &Setup) -> Expression {
    let (statements, substitutions): (Vec<_>, Vec<_>) =
        [requests(context, setup), secrets(context, setup)]
            .into_iter()
            .flatten()
            .unzip();
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    Expression::policy(&policy.to_string(), &substitutions.concat())
}

/// Requests to the domains of which it is the master user.
fn requests(context: &Context<'_>, setup: &Setup) -> Option<(Value, Vec<Substitution>)> {
    let domains = context.stack.opensearch.iter();
    let own = domains.filter(|store| store.is_fine_grained && store.admin == setup.role);
    let arns: Vec<_> = own.map(|store| format!("{}/*", store.arn())).collect();
    let actions: Vec<_> = ["Get", "Head", "Post", "Put", "Patch", "Delete"]
        .map(|method| format!("es:ESHttp{method}"))
        .into();
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": arns});
    (!arns.is_empty()).then_some((statement, Vec::new()))
}

/// The passwords that AWS keeps for the administrators of created clusters. Their ARNs are known after `terraform apply`.
/// Only the Job of the setup reads them.
fn secrets(context: &Context<'_>, setup: &Setup) -> Option<(Value, Vec<Substitution>)> {
    if !setup.is_requested {
        return None;
    }
    let is_created = |store: &&PostgresStore| matches!(store.origin, Origin::Create(_));
    let stores = context.stack.postgres.iter().filter(is_created);
    let substitutions: Vec<_> = stores.map(secret).collect();
    let arns: Vec<_> = substitutions.iter().map(|(literal, _)| literal).collect();
    let statement =
        json!({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arns});
    (!arns.is_empty()).then_some((statement, substitutions))
}

fn secret(store: &PostgresStore) -> Substitution {
    let name = identifier(&store.key);
    let reference = format!("aws_rds_cluster.{name}.master_user_secret[0].secret_arn");
    (format!("secret of {}", store.key), reference)
}
