//! Refusals by the security plugin in a response: of the whole request, or of single items.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::GzDecoder;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

/// The type of the plugin's errors.
const REFUSED: &str = "security_exception";
/// APIs that respond with 200 and report each item separately, with the field that lists the items.
const WITH_ITEMS: [(&str, &str); 3] = [
    ("_bulk", "items"),
    ("_mget", "docs"),
    ("_msearch", "responses"),
];

/// Returns whether the response to a request for `path` must be read to know whether it contains a refusal.
pub(super) fn is_to_be_read(status: StatusCode, path: &str) -> bool {
    status == StatusCode::FORBIDDEN || (status == StatusCode::OK && list_of(path).is_some())
}

/// Returns the plugin's reason with action, user and roles; `None` if everything is allowed.
pub(super) fn refusal(
    status: StatusCode,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<String> {
    let body = unpacked(headers, body);
    if status == StatusCode::FORBIDDEN {
        let Answer { error } = serde_json::from_slice(&body).ok()?;
        return error.refusal();
    }
    let answer: Value = serde_json::from_slice(&body).ok()?;
    let items = answer.get(list_of(path)?)?.as_array()?;
    let refused: Vec<String> = items.iter().filter_map(item_refusal).collect();
    let reason = refused.first()?;
    Some(format!(
        "{} of {} items: {reason}",
        refused.len(),
        items.len()
    ))
}

#[derive(Deserialize)]
struct Answer {
    error: Exception,
}

#[derive(Deserialize)]
struct Exception {
    r#type: String,
    reason: String,
}

impl Exception {
    fn refusal(self) -> Option<String> {
        (self.r#type == REFUSED).then_some(self.reason)
    }
}

/// Returns the refusal of an item. An item of a bulk is `{"index": {…}}`, others lack the name.
fn item_refusal(item: &Value) -> Option<String> {
    let named = || item.as_object()?.values().find_map(|one| one.get("error"));
    let error = item.get("error").or_else(named)?;
    Exception::deserialize(error).ok()?.refusal()
}

fn list_of(path: &str) -> Option<&'static str> {
    let api = path.trim_end_matches('/').rsplit('/').next()?;
    WITH_ITEMS
        .iter()
        .find_map(|(name, list)| (*name == api).then_some(*list))
}

/// Decompresses a body: OpenSearch compresses every response to clients that accept gzip.
fn unpacked<'a>(headers: &HeaderMap, body: &'a [u8]) -> Cow<'a, [u8]> {
    if headers
        .get(CONTENT_ENCODING)
        .is_none_or(|coding| coding != "gzip")
    {
        return Cow::Borrowed(body);
    }
    let mut plain = Vec::new();
    match GzDecoder::new(body).read_to_end(&mut plain) {
        Ok(_) => Cow::Owned(plain),
        Err(_) => Cow::Borrowed(body),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;

    use super::*;

    const BULK: &str = r#"{"took": 1, "errors": true, "items": [
        {"index": {"_index": "a", "_id": "1", "status": 201}},
        {"create": {"_index": "b", "_id": "1", "status": 403, "error":
            {"type": "security_exception", "reason": "no permissions for [x]"}}},
        {"delete": {"_index": "c", "_id": "1", "status": 409, "error":
            {"type": "version_conflict_engine_exception", "reason": "conflict"}}}
    ]}"#;
    const SEARCHES: &str = r#"{"took": 1, "responses": [
        {"error": {"type": "security_exception", "reason": "no permissions for [y]"}, "status": 403},
        {"hits": {}}
    ]}"#;
    const WHOLE: &str = r#"{"error": {"type": "security_exception", "reason": "no permissions for [z]"}, "status": 403}"#;

    fn told(status: u16, path: &str, body: &str) -> Option<String> {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(status, path, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn distinguishes_a_refused_request_from_refused_items() {
        let found = told(403, "/_search", WHOLE).unwrap();
        assert_eq!(found, "no permissions for [z]");
        let found = told(200, "/a/_bulk", BULK).unwrap();
        assert_eq!(found, "1 of 3 items: no permissions for [x]");
        let found = told(200, "/_msearch/", SEARCHES).unwrap();
        assert_eq!(found, "1 of 2 items: no permissions for [y]");
    }

    #[test]
    fn other_responses_are_not_refusals() {
        let error = r#"{"error": {"type": "cluster_block_exception", "reason": "r"}}"#;
        for (status, path, body) in [
            (403, "/_bulk", error),
            (403, "/", "no JSON"),
            (
                200,
                "/_bulk",
                r#"{"errors": false, "items": [{"index": {"status": 201}}]}"#,
            ),
            (200, "/_bulk", "[]"),
            (200, "/_search", SEARCHES),
        ] {
            assert_eq!(told(status, path, body), None, "{path} {body}");
        }
        assert!(is_to_be_read(StatusCode::OK, "/_bulk"));
        assert!(!is_to_be_read(StatusCode::OK, "/_search"));
        assert!(!is_to_be_read(StatusCode::CREATED, "/_bulk"));
    }

    #[test]
    fn reads_compressed_responses() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(WHOLE.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let gzip = HeaderValue::from_static("gzip");
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, gzip)]);
        let found = refusal(StatusCode::FORBIDDEN, "/", &headers, &packed).unwrap();
        assert_eq!(found, "no permissions for [z]");
    }
}
