//! The publication of the CAs in the `caBundle` of the webhook's configuration.

use std::time::{Duration, Instant};

use irsa_kube::WebhookConfiguration;

/// The time since when a bundle is published.
#[derive(Debug, Default)]
pub(super) struct Publication {
    published: Option<(String, Instant)>,
}

impl Publication {
    /// Records that the configuration has this bundle, or that it does not.
    pub(super) fn seen(&mut self, bundle: &str, is_published: bool, now: Instant) {
        let is_same = |(published, _): &(String, Instant)| published == bundle;
        match &self.published {
            Some(published) if is_published && is_same(published) => {}
            _ => self.published = is_published.then(|| (bundle.to_owned(), now)),
        }
    }

    /// Returns whether this bundle has been published for at least this time.
    pub(super) fn is_older_than(&self, delay: Duration, bundle: &str, now: Instant) -> bool {
        self.published.as_ref().is_some_and(|(published, since)| {
            published == bundle && now.duration_since(*since) >= delay
        })
    }
}

/// Returns whether the Service of the webhook serves one of the webhooks.
pub(super) fn has_own_webhook(
    configuration: &WebhookConfiguration,
    namespace: &str,
    service: &str,
) -> bool {
    let services = configuration.webhooks.iter();
    let mut services = services.filter_map(|webhook| webhook.client_config.service.as_ref());
    services.any(|found| found.namespace == namespace && found.name == service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_starts_again_if_the_bundle_was_removed_or_changed() {
        let delay = Duration::from_mins(1);
        let start = Instant::now();
        let mut publication = Publication::default();
        publication.seen("a", true, start);
        publication.seen("a", true, start + delay / 2);
        assert!(!publication.is_older_than(delay, "a", start + delay / 2));
        assert!(publication.is_older_than(delay, "a", start + delay));
        assert!(!publication.is_older_than(delay, "b", start + delay));
        publication.seen("a", false, start + delay);
        publication.seen("a", true, start + delay);
        assert!(!publication.is_older_than(delay, "a", start + delay));
    }
}
