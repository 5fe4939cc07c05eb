//! The AWS provider, and an alias for each store in another region or account.

use std::collections::BTreeMap;

use irsa_chain::{AccountId, Region};

use super::any_store::AnyStore;
use super::context::Context;
use crate::hcl::{Block, Body, Expression};
use crate::stack::{Origin, Stack, Via};

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
    let stores = AnyStore::all(stack);
    let stores = stores.filter_map(|store| Provider::for_store(stack, &store));
    let providers = [default].into_iter().chain(stores);
    Body::new().blocks(providers.map(|provider| provider.block(&stack.tags)))
}

/// The argument `provider` of what reads a store, unless it is the default.
pub(super) fn argument<'s>(stack: &Stack, store: impl Into<AnyStore<'s>>) -> Option<Expression> {
    Provider::for_store(stack, &store.into())?.argument()
}

// === impl Provider ===

impl<'s> Provider<'s> {
    fn for_store(stack: &Stack, store: &AnyStore<'s>) -> Option<Self> {
        let needs_alias = store.is_elsewhere(stack) || store.via.is_some();
        (store.origin != Origin::Known && needs_alias).then(|| Self {
            alias: Some(store.block()),
            account: store.account,
            region: store.region,
            via: store.via,
        })
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
