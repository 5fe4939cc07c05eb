//! The AWS provider, and an alias for each store in another region or account.

use std::collections::BTreeMap;

use irsa_chain::{AccountId, Region};

use super::context::{Context, identifier};
use crate::hcl::{Block, Body, Expression};
use crate::stack::{OpenSearchStore, Origin, PostgresStore, Stack, Via};

struct Provider<'s> {
    alias: Option<String>,
    account: &'s AccountId,
    region: &'s Region,
    via: Option<&'s Via>,
}

pub(super) fn body(context: &Context<'_>) -> Body {
    let stack = context.stack;
    let default = Provider {
        alias: None,
        account: &stack.account,
        region: &stack.region,
        via: None,
    };
    let postgres = stack.postgres.iter();
    let postgres = postgres.filter_map(|store| for_postgres(stack, store));
    let opensearch = stack.opensearch.iter();
    let opensearch = opensearch.filter_map(|store| for_opensearch(stack, store));
    let providers = [default].into_iter().chain(postgres).chain(opensearch);
    Body::new().blocks(providers.map(|provider| provider.block(&stack.tags)))
}

/// The argument `provider` of what reads a cluster, unless it is the default.
pub(super) fn argument_for_postgres(stack: &Stack, store: &PostgresStore) -> Option<Expression> {
    for_postgres(stack, store)?.argument()
}

/// The argument `provider` of what reads a domain, unless it is the default.
pub(super) fn argument_for_opensearch(
    stack: &Stack,
    store: &OpenSearchStore,
) -> Option<Expression> {
    for_opensearch(stack, store)?.argument()
}

fn for_postgres<'s>(stack: &Stack, store: &'s PostgresStore) -> Option<Provider<'s>> {
    let provider = Provider {
        alias: Some(format!("postgres_{}", identifier(&store.key))),
        account: &store.account,
        region: &store.region,
        via: store.via.as_ref(),
    };
    (store.origin != Origin::Known && provider.is_elsewhere(stack)).then_some(provider)
}

fn for_opensearch<'s>(stack: &Stack, store: &'s OpenSearchStore) -> Option<Provider<'s>> {
    let provider = Provider {
        alias: Some(format!("opensearch_{}", identifier(&store.key))),
        account: &store.account,
        region: &store.region,
        via: store.via.as_ref(),
    };
    (store.origin != Origin::Known && provider.is_elsewhere(stack)).then_some(provider)
}

// === impl Provider ===

impl Provider<'_> {
    fn is_elsewhere(&self, stack: &Stack) -> bool {
        *self.account != stack.account || *self.region != stack.region || self.via.is_some()
    }

    fn argument(&self) -> Option<Expression> {
        let alias = self.alias.as_ref()?;
        Some(Expression::reference(format!("aws.{alias}")))
    }

    /// Credentials of an account that is not in `allowed_account_ids` fail before they change anything.
    fn block(&self, tags: &BTreeMap<String, String>) -> Block {
        let account = self.account.to_string();
        let body = Body::new()
            .set_some("alias", self.alias.as_ref().map(Expression::text))
            .text("region", self.region.as_str())
            .set("allowed_account_ids", Expression::texts([account]))
            .blocks(self.via.map(assume_role))
            .blocks(default_tags(tags));
        Block::new("provider", ["aws"], body)
    }
}

fn assume_role(via: &Via) -> Block {
    let id = via.external_id.as_ref();
    let body = Body::new()
        .text("role_arn", via.role.as_str())
        .set_some("external_id", id.map(Expression::text));
    Block::plain("assume_role", body)
}

fn default_tags(tags: &BTreeMap<String, String>) -> Option<Block> {
    let entries = tags.iter();
    let entries = entries.map(|(key, value)| (key.as_str(), Expression::text(value)));
    let body = Body::new().set("tags", Expression::object(entries));
    (!tags.is_empty()).then(|| Block::plain("default_tags", body))
}
