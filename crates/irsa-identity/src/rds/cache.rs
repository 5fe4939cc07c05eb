//! The tokens that are kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::{RdsTarget, RdsToken};

/// The most tokens kept. Clients name the user, so that targets are as many as they like.
const MOST: usize = 1024;

/// At most one token for each target.
#[derive(Debug, Default)]
pub(super) struct Cache {
    tokens: HashMap<RdsTarget, Arc<RdsToken>>,
}

impl Cache {
    /// The token for `target`, if it may be used at `now`.
    pub(super) fn usable(&self, target: &RdsTarget, now: SystemTime) -> Option<Arc<RdsToken>> {
        self.tokens
            .get(target)
            .filter(|token| token.is_usable(now))
            .cloned()
    }

    /// Keeps `token` if it is of use after `now`.
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

    /// Drops `token` if it is the one kept.
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
