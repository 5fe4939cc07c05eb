//! The counter of rejections by upstream, link and cause, which both data planes use.

use irsa_chain::{Cause, Link};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// The links that a rejection by an upstream can refer to. Broken identities have many more causes, which
/// `irsa_identity_exchanges_total` counts from the start.
const LINKS: [Link; 4] = [
    Link::Permissions,
    Link::Signature,
    Link::Endpoint,
    Link::Grant,
];

/// The label value for an unknown link or cause.
const UNKNOWN: &str = "unknown";

/// The rejections by all upstreams of one kind. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    counters: Family<RefusalLabels, Counter>,
}

/// The labels of a rejection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabels {
    upstream: String,
    link: &'static str,
    cause: &'static str,
}

// === impl Refusals ===

impl Refusals {
    /// Returns the metric to register.
    pub fn metric(&self) -> Family<RefusalLabels, Counter> {
        self.counters.clone()
    }

    /// Creates the series of `upstream`, so that the first rejection is an increase.
    pub fn create(&self, upstream: &str) {
        let causes = LINKS.into_iter().flat_map(Cause::all_for);
        for cause in causes {
            drop(self.counter(upstream, Some(cause.link()), Some(cause)));
        }
        drop(self.counter(upstream, None, None));
    }

    /// Counts a rejection by `upstream`.
    pub fn count(&self, upstream: &str, link: Option<Link>, cause: Option<Cause>) {
        self.counter(upstream, link, cause).inc();
    }

    fn counter(&self, upstream: &str, link: Option<Link>, cause: Option<Cause>) -> Counter {
        self.counters.get_or_create_owned(&RefusalLabels {
            upstream: upstream.to_owned(),
            link: link.map_or(UNKNOWN, Link::id),
            cause: cause.map_or(UNKNOWN, Cause::id),
        })
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn every_cause_has_a_series_before_its_first_rejection() {
        let refusals = Refusals::default();
        let mut registry = Registry::default();
        registry.register("refusals", "Refusals", refusals.metric());
        refusals.create("db");
        refusals.count("db", None, None);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let line = |link: &str, cause: &str, value: u32| {
            format!("refusals_total{{upstream=\"db\",link=\"{link}\",cause=\"{cause}\"}} {value}\n")
        };
        assert!(text.contains(&line("unknown", "unknown", 1)), "{text}");
        for cause in LINKS.into_iter().flat_map(Cause::all_for) {
            let expected = line(cause.link().id(), cause.id(), 0);
            assert!(text.contains(&expected), "{expected}{text}");
        }
    }
}
