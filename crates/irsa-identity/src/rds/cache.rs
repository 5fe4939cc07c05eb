//! The cache of tokens.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::{RdsTarget, RdsToken};

/// The maximum number of tokens. Clients choose the user, so the number of targets is unlimited.
const MOST: usize = 1024;

/// A cache with at most one token per target.
#[derive(Debug, Default)]
pub(super) struct Cache {
    tokens: HashMap<RdsTarget, Arc<RdsToken>>,
}

impl Cache {
    /// Returns the token for `target`, if it is usable at `now`.
    pub(super) fn usable(&self, target: &RdsTarget, now: SystemTime) -> Option<Arc<RdsToken>> {
        self.tokens
            .get(target)
            .filter(|token| token.is_usable(now))
            .cloned()
    }

    /// Stores `token` if it is usable after `now`.
    pub(super) fn keep(&mut self, target: &RdsTarget, token: Arc<RdsToken>, now: SystemTime) {
        if !token.is_usable(now) {
            self.tokens.remove(target);
            return;
        }
        if self.tokens.len() >= MOST {
            self.make_room(now);
        }
        self.tokens.insert(target.clone(), token);
    }

    /// Removes `token`, if it is still cached.
    pub(super) fn reject(&mut self, target: &RdsTarget, token: &RdsToken) {
        let kept = self.tokens.get(target);
        if kept.is_some_and(|kept| std::ptr::eq(Arc::as_ptr(kept), token)) {
            self.tokens.remove(target);
        }
    }

    fn make_room(&mut self, now: SystemTime) {
        self.tokens.retain(|_, token| token.is_usable(now));
        while self.tokens.len() >= MOST {
            let oldest = self
                .tokens
                .iter()
                .min_by_key(|(_, token)| token.signed_at());
            let Some(oldest) = oldest.map(|(target, _)| target.clone()) else {
                return;
            };
            self.tokens.remove(&oldest);
        }
    }
}
