//! Samplers, which decide what traces are recorded (`OTEL_TRACES_SAMPLER`).

use super::context::{TraceContext, TraceId};

/// A sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampler {
    /// Traces whose ID, shifted right by one, is below this value are recorded.
    threshold: u64,
    /// Whether the decision of the parent takes precedence.
    follows_parent: bool,
}

/// The threshold for all traces: the range of the shifted ID.
const ALL: u64 = 1 << 63;

impl Sampler {
    /// Creates a sampler by its name and argument. The argument of the ratio samplers defaults to 1.
    ///
    /// # Errors
    /// The name is unknown, or the argument is not a number from 0 to 1. The message includes the variable.
    pub(super) fn parse(name: &str, argument: Option<&str>) -> Result<Self, String> {
        let (root, follows_parent) = match name.strip_prefix("parentbased_") {
            Some(root) => (root, true),
            None => (name, false),
        };
        let threshold = match root {
            "always_on" => ALL,
            "always_off" => 0,
            "traceidratio" => threshold(argument)?,
            _ => {
                return Err(format!(
                    "OTEL_TRACES_SAMPLER: `{name}` is not supported; expected `always_on`, `always_off` or `traceidratio`, \
                     or one of these after `parentbased_`"
                ));
            }
        };
        Ok(Self {
            threshold,
            follows_parent,
        })
    }

    /// Returns whether a trace is recorded.
    pub(super) fn selects(self, parent: Option<&TraceContext>, trace: TraceId) -> bool {
        match parent {
            Some(parent) if self.follows_parent => parent.is_sampled(),
            _ => trace.low() >> 1 < self.threshold,
        }
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self {
            threshold: ALL,
            follows_parent: true,
        }
    }
}

fn threshold(argument: Option<&str>) -> Result<u64, String> {
    let text = argument.unwrap_or("1");
    let ratio: Option<f64> = text.parse().ok();
    let ratio = ratio.filter(|ratio| (0.0..=1.0).contains(ratio));
    let ratio = ratio
        .ok_or_else(|| format!("OTEL_TRACES_SAMPLER_ARG: `{text}` is not a number from 0 to 1"))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the ratio is from 0 to 1, and precise enough"
    )]
    Ok((ratio * ALL as f64) as u64)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn parent(flags: &str) -> TraceContext {
        let value = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("traceparent"),
            value.parse().unwrap(),
        )]);
        TraceContext::from_headers(&headers).unwrap()
    }

    /// Returns the decisions without a parent, and for a parent that is not sampled and one that is.
    fn decisions(name: &str, argument: Option<&str>) -> [bool; 3] {
        let sampler = Sampler::parse(name, argument).unwrap();
        let (off, on) = (parent("00"), parent("01"));
        let trace = on.trace();
        [None, Some(&off), Some(&on)].map(|parent| sampler.selects(parent, trace))
    }

    #[test]
    fn parent_based_samplers_follow_the_parent() {
        assert_eq!(decisions("always_on", None), [true; 3]);
        assert_eq!(decisions("always_off", None), [false; 3]);
        assert_eq!(
            decisions("parentbased_always_on", None),
            [true, false, true]
        );
        assert_eq!(
            decisions("parentbased_always_off", None),
            [false, false, true]
        );
        let ratio = |name| decisions(name, Some("0"));
        assert_eq!(ratio("traceidratio"), [false; 3]);
        assert_eq!(ratio("parentbased_traceidratio"), [false, false, true]);
        assert_eq!(decisions("traceidratio", None), [true; 3]);
        assert_eq!(
            Sampler::parse("parentbased_always_on", None),
            Ok(Sampler::default())
        );
    }

    #[test]
    fn a_ratio_selects_about_that_part_of_all_traces() {
        let sampler = Sampler::parse("traceidratio", Some("0.25")).unwrap();
        let selected = (0..10_000).filter(|_| sampler.selects(None, TraceId::random()));
        assert!((2_000..3_000).contains(&selected.count()));
    }

    #[test]
    fn unknown_samplers_and_ratios_are_mistakes() {
        let error = Sampler::parse("xray", None).unwrap_err();
        assert!(error.starts_with("OTEL_TRACES_SAMPLER: `xray`"), "{error}");
        for ratio in ["", "half", "1.1", "-0.1", "NaN"] {
            let error = Sampler::parse("traceidratio", Some(ratio)).unwrap_err();
            assert!(error.starts_with("OTEL_TRACES_SAMPLER_ARG: "), "{error}");
        }
    }
}
