//! The identity's state as metrics, read when they are scraped.

use irsa_identity::Identity;
use irsa_ops::metrics::Metrics;
use irsa_ops::metrics::prometheus_client::collector::Collector;
use irsa_ops::metrics::prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use irsa_ops::metrics::prometheus_client::metrics::counter::ConstCounter;
use irsa_ops::metrics::prometheus_client::metrics::gauge::ConstGauge;

/// The states that the gauge has a series for.
const STATES: [&str; 4] = ["waiting", "valid", "stale", "broken"];

#[derive(Debug)]
struct IdentityCollector {
    identity: Identity,
}

/// Registers the identity's metrics.
pub(super) fn watch_identity(metrics: &Metrics, identity: &Identity) {
    let collector = IdentityCollector {
        identity: identity.clone(),
    };
    metrics.register(|registry| registry.register_collector(Box::new(collector)));
}

impl Collector for IdentityCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let state = self.identity.state();
        let counters = self.identity.counters();
        {
            let gauge = ConstGauge::<i64>::new(0);
            let mut family = encoder.encode_descriptor(
                "identity_state",
                "1 for the state that the identity is in",
                None,
                gauge.metric_type(),
            )?;
            for name in STATES {
                let gauge = ConstGauge::<i64>::new(i64::from(name == state.as_str()));
                gauge.encode(family.encode_family(&[("state", name)])?)?;
            }
        }
        let exchanges = ConstCounter::<u64>::new(0);
        let mut family = encoder.encode_descriptor(
            "identity_exchanges",
            "Exchanges for credentials, by outcome",
            None,
            exchanges.metric_type(),
        )?;
        for (outcome, count) in [("ok", counters.succeeded), ("failed", counters.failed)] {
            ConstCounter::new(count).encode(family.encode_family(&[("outcome", outcome)])?)?;
        }
        Ok(())
    }
}
