//! The JSON encoding of OTLP (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): names in camel case,
//! IDs in hexadecimal, enumerations as numbers, and 64-bit numbers as texts.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::span::{AttributeValue, SpanData};

/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;
/// The flag of a span whose parent's location is known, and that of a parent in another process.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// Encodes an `ExportTraceServiceRequest`.
pub(super) fn request(resource: &[(String, String)], spans: &[SpanData]) -> Vec<u8> {
    let resource: Vec<_> = resource
        .iter()
        .map(|(key, value)| attribute(key, json!({ "stringValue": value })))
        .collect();
    let spans: Vec<_> = spans.iter().map(span).collect();
    let scope = json!({ "name": "irsa", "version": env!("CARGO_PKG_VERSION") });
    let request = json!({
        "resourceSpans": [{
            "resource": { "attributes": resource },
            "scopeSpans": [{ "scope": scope, "spans": spans }],
        }],
    });
    request.to_string().into_bytes()
}

fn span(span: &SpanData) -> Value {
    let attributes: Vec<_> = span
        .attributes
        .iter()
        .map(|(key, value)| attribute(key, any_value(value)))
        .collect();
    let end = span.start.checked_add(span.duration).unwrap_or(span.start);
    let mut encoded = json!({
        "traceId": span.context.trace().to_string(),
        "spanId": span.context.span().to_string(),
        "flags": flags(span),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": nanoseconds(span.start),
        "endTimeUnixNano": nanoseconds(end),
        "attributes": attributes,
        "status": {},
    });
    if let Some(parent) = span.parent {
        encoded["parentSpanId"] = parent.to_string().into();
    }
    if let Some(state) = span.context.state() {
        encoded["traceState"] = state.into();
    }
    if span.is_error {
        encoded["status"] = json!({ "code": ERROR });
    }
    encoded
}

/// Returns the flags of the trace, and whether the parent is in another process.
fn flags(span: &SpanData) -> u32 {
    let remote = if span.has_remote_parent { IS_REMOTE } else { 0 };
    u32::from(span.context.flags()) | HAS_IS_REMOTE | remote
}

fn attribute(key: &str, value: Value) -> Value {
    let mut attribute = json!({ "key": key });
    attribute["value"] = value;
    attribute
}

fn any_value(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Text(text) => json!({ "stringValue": text }),
        AttributeValue::Integer(number) => json!({ "intValue": number.to_string() }),
    }
}

fn nanoseconds(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().to_string()
}
