//! What data stores of both kinds have in common.

use irsa_chain::{AccountId, Region};

use super::context::identifier;
use crate::stack::{OpenSearchStore, Origin, PostgresStore, Stack, Via};

/// A data store of any kind.
pub(super) struct AnyStore<'s> {
    /// `postgres` or `opensearch`.
    pub(super) kind: &'static str,
    pub(super) key: &'s str,
    pub(super) account: &'s AccountId,
    pub(super) region: &'s Region,
    pub(super) via: Option<&'s Via>,
    pub(super) origin: Origin<()>,
}

// === impl AnyStore ===

impl<'s> AnyStore<'s> {
    /// All stores, in the order of the file.
    pub(super) fn all(stack: &'s Stack) -> impl Iterator<Item = Self> {
        let postgres = stack.postgres.iter().map(Self::from);
        postgres.chain(stack.opensearch.iter().map(Self::from))
    }

    /// Returns whether it is in a different account or Region than the roles.
    pub(super) fn is_elsewhere(&self, stack: &Stack) -> bool {
        *self.account != stack.account || *self.region != stack.region
    }

    /// The name of blocks that belong to the store.
    pub(super) fn block(&self) -> String {
        format!("{}_{}", self.kind, identifier(self.key))
    }
}

impl<'s> From<&'s PostgresStore> for AnyStore<'s> {
    fn from(store: &'s PostgresStore) -> Self {
        Self {
            kind: "postgres",
            key: &store.key,
            account: &store.account,
            region: &store.region,
            via: store.via.as_ref(),
            origin: store.origin.without_details(),
        }
    }
}

impl<'s> From<&'s OpenSearchStore> for AnyStore<'s> {
    fn from(store: &'s OpenSearchStore) -> Self {
        Self {
            kind: "opensearch",
            key: &store.key,
            account: &store.account,
            region: &store.region,
            via: store.via.as_ref(),
            origin: store.origin.without_details(),
        }
    }
}
