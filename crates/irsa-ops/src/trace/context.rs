//! W3C Trace Context: the headers that connect the spans of several services (<https://www.w3.org/TR/trace-context/>).

use std::fmt;
use std::sync::Arc;

use http::header::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The flag for a sampled trace.
const SAMPLED: u8 = 1;
/// The flag for a random trace ID, which must be passed on.
const RANDOM: u8 = 2;
/// The maximum length of `tracestate` in a span: what every service must be able to pass on (section 3.3.1.5). A longer
/// header is forwarded but not recorded.
const MAX_STATE: usize = 512;
/// The length of `traceparent` in version 00.
const LENGTH: usize = 55;

/// The ID of a trace, which is not zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct TraceId([u8; 16]);

/// The ID of a span within its trace, which is not zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanId([u8; 8]);

/// The position of a span in its trace, as passed between services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace: TraceId,
    span: SpanId,
    flags: u8,
    state: Option<Arc<str>>,
    /// Whether the trace began in another service, whose `tracestate` is forwarded.
    is_continued: bool,
    /// Whether the span belongs to another service.
    is_remote: bool,
}

// === impl TraceContext ===

impl TraceContext {
    /// Returns the context in the headers of a request, or `None` if there is no valid `traceparent`.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        let (trace, span, flags) = parse(value.as_bytes())?;
        Some(Self {
            trace,
            span,
            flags,
            state: state(headers),
            is_continued: true,
            is_remote: true,
        })
    }

    /// Sets `traceparent` to this span, so that the server's spans become its children. A `tracestate` without a valid
    /// `traceparent` belongs to no trace and is removed (section 3.4).
    pub fn inject(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.to_string()) {
            headers.insert(TRACEPARENT, value);
        }
        if !self.is_continued {
            headers.remove(TRACESTATE);
        }
    }

    /// Returns the context of a new span, which continues `parent` or begins the trace.
    pub(super) fn new(trace: TraceId, parent: Option<&Self>) -> Self {
        Self {
            trace,
            span: SpanId::random(),
            flags: SAMPLED | parent.map_or(0, |parent| parent.flags & RANDOM),
            state: parent.and_then(|parent| parent.state.clone()),
            is_continued: parent.is_some_and(|parent| parent.is_continued),
            is_remote: false,
        }
    }

    pub(super) fn trace(&self) -> TraceId {
        self.trace
    }

    pub(super) fn span(&self) -> SpanId {
        self.span
    }

    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    pub(super) fn flags(&self) -> u8 {
        self.flags
    }

    pub(super) fn is_remote(&self) -> bool {
        self.is_remote
    }

    pub(super) fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// Formats the value of `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags)
    }
}

/// Parses `traceparent`. Later versions may append further fields (section 3.2.4).
fn parse(value: &[u8]) -> Option<(TraceId, SpanId, u8)> {
    let [version] = hex(value.get(..2)?)?;
    let is_known = match version {
        0xff => false,
        0 => value.len() == LENGTH,
        _ => value.len() == LENGTH || value.get(LENGTH) == Some(&b'-'),
    };
    let has_dashes = [2, 35, 52].iter().all(|at| value.get(*at) == Some(&b'-'));
    let trace = TraceId(hex(value.get(3..35)?)?);
    let span = SpanId(hex(value.get(36..52)?)?);
    let [flags] = hex(value.get(53..LENGTH)?)?;
    let is_valid = is_known && has_dashes && trace.0 != [0; 16] && span.0 != [0; 8];
    is_valid.then_some((trace, span, flags & (SAMPLED | RANDOM)))
}

/// Decodes lower-case hexadecimal digits.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// Returns the value of `tracestate`, which may consist of several headers.
fn state(headers: &HeaderMap) -> Option<Arc<str>> {
    let values = headers.get_all(TRACESTATE).iter();
    let values: Option<Vec<_>> = values.map(|value| value.to_str().ok()).collect();
    let state = values?.join(",");
    (1..=MAX_STATE).contains(&state.len()).then(|| state.into())
}

// === impl TraceId ===

impl TraceId {
    pub(super) fn random() -> Self {
        Self(rand::random::<u128>().max(1).to_be_bytes())
    }

    /// Returns the part that samplers use, which is random.
    pub(super) fn low(self) -> u64 {
        let low = self.0.last_chunk();
        low.map_or(0, |low| u64::from_be_bytes(*low))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === impl SpanId ===

impl SpanId {
    fn random() -> Self {
        Self(rand::random::<u64>().max(1).to_be_bytes())
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn context(traceparent: &str) -> Option<TraceContext> {
        TraceContext::from_headers(&headers(&[("traceparent", traceparent)]))
    }

    #[test]
    fn parses_and_formats_traceparent() {
        let parsed = context(PARENT).unwrap();
        assert_eq!(parsed.to_string(), PARENT);
        assert!(parsed.is_sampled());
        assert!(!context(&PARENT.replace("-01", "-00")).unwrap().is_sampled());
    }

    #[test]
    fn a_later_version_may_have_more_fields() {
        let later = PARENT.replacen("00", "cc", 1);
        assert!(context(&later).is_some());
        assert!(context(&format!("{later}-what-comes-next")).is_some());
        assert!(context(&format!("{later}.what-comes-next")).is_none());
        assert!(context(&format!("{PARENT}-what-comes-next")).is_none());
    }

    #[test]
    fn an_invalid_traceparent_is_ignored() {
        for invalid in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b71-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        ] {
            assert_eq!(context(invalid), None, "{invalid}");
        }
        let twice = headers(&[("traceparent", PARENT), ("traceparent", PARENT)]);
        assert_eq!(TraceContext::from_headers(&twice), None);
    }

    #[test]
    fn the_headers_of_a_child_continue_the_trace() {
        let state = [("tracestate", "a=1"), ("tracestate", "b=2")];
        let mut received = headers(&state);
        received.insert("traceparent", HeaderValue::from_static(PARENT));
        let parent = TraceContext::from_headers(&received).unwrap();
        let child = TraceContext::new(parent.trace(), Some(&parent));
        assert_eq!(child.state(), Some("a=1,b=2"));
        child.inject(&mut received);
        let sent = received.get("traceparent").unwrap().to_str().unwrap();
        assert_eq!(sent, child.to_string());
        assert_eq!(sent[..36], PARENT[..36]);
        assert_ne!(sent[36..52], PARENT[36..52]);
        assert_eq!(received.get_all("tracestate").iter().count(), 2);
    }

    #[test]
    fn a_new_trace_drops_the_state_of_an_unknown_one() {
        let mut received = headers(&[("traceparent", "x"), ("tracestate", "a=1")]);
        let parent = TraceContext::from_headers(&received);
        let root = TraceContext::new(TraceId::random(), parent.as_ref());
        root.inject(&mut received);
        assert!(!received.contains_key("tracestate"));
        assert_eq!(TraceContext::from_headers(&received).unwrap().flags(), 1);
    }

    #[test]
    fn a_long_state_is_not_recorded() {
        let long = "a=".to_owned() + &"1".repeat(MAX_STATE);
        let received = headers(&[("traceparent", PARENT), ("tracestate", &long)]);
        let context = TraceContext::from_headers(&received).unwrap();
        assert_eq!(context.state(), None);
    }
}
