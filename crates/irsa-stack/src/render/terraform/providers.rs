//! The AWS provider, and an alias for each store in another region or account.

use irsa_chain::{AccountId, Region};

use super::context::{Context, identifier};
use crate::hcl::{Block, Body, Expression};
use crate::stack::{OpenSearchStore, Origin, PostgresStore, Stack, Via};

pub(super) fn body(context: &Context<'_>) -> Body {
    let stack = context.stack;
    let default = provider(stack, &stack.account, &stack.region);
    let postgres = stack.postgres.iter().filter_map(|store| {
        let alias = postgres_alias(stack, store)?;
        let body = provider(stack, &store.account, &store.region);
        Some(aliased(&alias, body, store.via.as_ref()))
    });
    let opensearch = stack.opensearch.iter().filter_map(|store| {
        let alias = opensearch_alias(stack, store)?;
        let body = provider(stack, &store.account, &store.region);
        Some(aliased(&alias, body, store.via.as_ref()))
    });
    Body::new()
        .block(Block::new("provider", ["aws"], with_tags(stack, default)))
        .blocks(
            postgres
                .chain(opensearch)
                .map(|body| Block::new("provider", ["aws"], with_tags(stack, body))),
        )
}

/// The argument `provider` of a resource of a store, unless it is the default.
pub(super) fn of_postgres(stack: &Stack, store: &PostgresStore) -> Option<Expression> {
    postgres_alias(stack, store).map(|alias| Expression::reference(format!("aws.{alias}")))
}

/// The argument `provider` of a resource of a domain, unless it is the default.
pub(super) fn of_opensearch(stack: &Stack, store: &OpenSearchStore) -> Option<Expression> {
    opensearch_alias(stack, store).map(|alias| Expression::reference(format!("aws.{alias}")))
}

fn postgres_alias(stack: &Stack, store: &PostgresStore) -> Option<String> {
    let is_other = is_other(stack, &store.account, &store.region, store.via.as_ref());
    let is_asked = store.origin != Origin::Known;
    (is_other && is_asked).then(|| format!("postgres_{}", identifier(&store.key)))
}

fn opensearch_alias(stack: &Stack, store: &OpenSearchStore) -> Option<String> {
    let is_other = is_other(stack, &store.account, &store.region, store.via.as_ref());
    let is_asked = store.origin != Origin::Known;
    (is_other && is_asked).then(|| format!("opensearch_{}", identifier(&store.key)))
}

fn is_other(stack: &Stack, account: &AccountId, region: &Region, via: Option<&Via>) -> bool {
    *account != stack.account || *region != stack.region || via.is_some()
}

/// Credentials of another account fail before they change anything.
fn provider(_: &Stack, account: &AccountId, region: &Region) -> Body {
    Body::new().text("region", region.as_str()).set(
        "allowed_account_ids",
        Expression::texts([account.to_string()]),
    )
}

fn aliased(alias: &str, body: Body, via: Option<&Via>) -> Body {
    let assume_role = via.map(|via| {
        let id = via.external_id.as_ref();
        let body = Body::new()
            .text("role_arn", via.role.as_str())
            .set_some("external_id", id.map(Expression::text));
        Block::plain("assume_role", body)
    });
    body.text("alias", alias).blocks(assume_role)
}

fn with_tags(stack: &Stack, body: Body) -> Body {
    if stack.tags.is_empty() {
        return body;
    }
    let tags = stack.tags.iter();
    let tags = tags.map(|(key, value)| (key.as_str(), Expression::text(value)));
    let tags = Body::new().set("tags", Expression::object(tags));
    body.block(Block::plain("default_tags", tags))
}
