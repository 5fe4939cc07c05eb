//! Metrics of identities and upstreams, computed when they are scraped.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use irsa_identity::{Identity, IdentityCounters};
use irsa_ops::metrics::Metrics;
use irsa_ops::metrics::prometheus_client::collector::Collector;
use irsa_ops::metrics::prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric, MetricEncoder,
};
use irsa_ops::metrics::prometheus_client::metrics::MetricType;
use irsa_ops::metrics::prometheus_client::metrics::counter::ConstCounter;
use irsa_ops::metrics::prometheus_client::metrics::gauge::ConstGauge;
use irsa_ops::metrics::prometheus_client::registry::Unit;
use irsa_ops::status::LastUse;

use super::prepare::Prepared;
use crate::build;

/// The states for which the gauge has a series.
const STATES: [&str; 4] = ["waiting", "valid", "stale", "broken"];

#[derive(Debug)]
struct ChainCollector {
    /// The identity of the process first, then those of upstreams with `role=`.
    identities: Vec<(Option<String>, Identity)>,
    upstreams: Vec<(String, LastUse)>,
}

/// The state of all identities and upstreams at one scrape.
struct Snapshot {
    identities: Vec<IdentitySnapshot>,
    /// The time of the last successful login or request, by upstream.
    last_successes: Vec<(String, SystemTime)>,
}

struct IdentitySnapshot {
    /// `None` for the identity of the process.
    upstream: Option<String>,
    state: &'static str,
    counters: IdentityCounters,
    expires_at: Option<SystemTime>,
}

/// Registers the metrics of the process.
pub(crate) fn register_process(metrics: &Metrics) {
    metrics.register_build(build::VERSION, build::COMMIT);
    metrics.register(irsa_ops::logging::register_metrics);
    metrics.register(irsa_ops::panics::register_metrics);
}

/// Registers the metrics of identities and upstreams.
pub(super) fn watch(metrics: &Metrics, identity: &Identity, prepared: &[Prepared]) {
    let own = prepared.iter().filter_map(|one| {
        let identity = one.own_identity.clone()?;
        Some((Some(one.name.clone()), identity))
    });
    let upstreams = prepared.iter();
    let collector = ChainCollector {
        identities: std::iter::once((None, identity.clone()))
            .chain(own)
            .collect(),
        upstreams: upstreams
            .map(|one| (one.name.clone(), one.last_use().clone()))
            .collect(),
    };
    metrics.register(|registry| registry.register_collector(Box::new(collector)));
}

/// Registers the same metrics with example values, for the documentation.
pub(crate) fn register_examples(metrics: &Metrics) {
    metrics.register(|registry| registry.register_collector(Box::new(ExampleCollector)));
}

#[derive(Debug)]
struct ExampleCollector;

impl Collector for ExampleCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let identity = |upstream| {
            let mut counters = IdentityCounters::default();
            counters.last_success = Some(UNIX_EPOCH);
            IdentitySnapshot {
                upstream,
                state: "valid",
                counters,
                expires_at: Some(UNIX_EPOCH),
            }
        };
        let example = || "UPSTREAM".to_owned();
        let snapshot = Snapshot {
            identities: vec![identity(None), identity(Some(example()))],
            last_successes: vec![(example(), UNIX_EPOCH)],
        };
        snapshot.encode(&mut encoder)
    }
}

impl Collector for ChainCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.snapshot().encode(&mut encoder)
    }
}

// === impl ChainCollector ===

impl ChainCollector {
    fn snapshot(&self) -> Snapshot {
        let identity = |(upstream, identity): &(Option<String>, Identity)| {
            let state = identity.state();
            IdentitySnapshot {
                upstream: upstream.clone(),
                state: state.as_str(),
                counters: identity.counters(),
                expires_at: state.expires_at(),
            }
        };
        let last_success =
            |(name, last_use): &(String, LastUse)| Some((name.clone(), last_use.last_success()?));
        Snapshot {
            identities: self.identities.iter().map(identity).collect(),
            last_successes: self.upstreams.iter().filter_map(last_success).collect(),
        }
    }
}

// === impl Snapshot ===

impl Snapshot {
    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        self.states(encoder)?;
        self.exchanges(encoder)?;
        let identities = self.identities.iter();
        let at = |time: fn(&IdentitySnapshot) -> Option<SystemTime>| {
            let identities = identities.clone();
            identities.filter_map(move |one| Some((one.labels(), time(one)?)))
        };
        times(
            encoder,
            "identity_expiration_timestamp",
            "Expiration time of the current session credentials, in seconds since 1970; absent for credentials that do not expire",
            at(|one| one.expires_at),
        )?;
        times(
            encoder,
            "identity_last_success_timestamp",
            "Time of the last successful exchange of credentials, in seconds since 1970",
            at(|one| one.counters.last_success),
        )?;
        let upstreams = self.last_successes.iter();
        times(
            encoder,
            "upstream_last_success_timestamp",
            "Time of the last successful login or request, in seconds since 1970; absent before the first one",
            upstreams.map(|(upstream, at)| (vec![("upstream", upstream.clone())], *at)),
        )
    }

    fn states(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "1 for the current state of the identity: waiting, valid, stale or broken";
        let mut family =
            encoder.encode_descriptor("identity_state", help, None, MetricType::Gauge)?;
        for one in &self.identities {
            for name in STATES {
                let mut labels = one.labels();
                labels.push(("state", name.to_owned()));
                let gauge = ConstGauge::<i64>::new(i64::from(name == one.state));
                gauge.encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn exchanges(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Exchanges of credentials, by outcome";
        let mut family =
            encoder.encode_descriptor("identity_exchanges", help, None, MetricType::Counter)?;
        for one in &self.identities {
            let outcomes = [
                ("ok", one.counters.succeeded),
                ("failed", one.counters.failed),
            ];
            for (outcome, count) in outcomes {
                let mut labels = one.labels();
                labels.push(("outcome", outcome.to_owned()));
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

// === impl IdentitySnapshot ===

impl IdentitySnapshot {
    fn labels(&self) -> Vec<(&'static str, String)> {
        let upstream = self.upstream.iter();
        upstream.map(|name| ("upstream", name.clone())).collect()
    }
}

/// Encodes the times that are known.
fn times(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    series: impl Iterator<Item = (Vec<(&'static str, String)>, SystemTime)>,
) -> fmt::Result {
    let mut series = series.peekable();
    if series.peek().is_none() {
        return Ok(());
    }
    let unit = Some(&Unit::Seconds);
    let mut family = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
    for (labels, at) in series {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        encode_labeled(&mut family, &labels, seconds)?;
    }
    Ok(())
}

fn encode_labeled(
    family: &mut MetricEncoder<'_>,
    labels: &Vec<(&'static str, String)>,
    value: u64,
) -> fmt::Result {
    let gauge = ConstGauge::new(value);
    if labels.is_empty() {
        // An empty set of labels would be written as `{}`.
        return family.encode_gauge(&value);
    }
    gauge.encode(family.encode_family(labels)?)
}
