//! Responses about nodes, without their addresses.
//!
//! Amazon OpenSearch Service omits the addresses of nodes in `_nodes` and below, so that a client that discovers nodes
//! finds none it could connect to (elastic/elasticsearch-js #1178, elastic/go-elasticsearch #527).

use http::Uri;
use serde_json::{Map, Value};

/// Fields of a node and of its settings that contain addresses.
const ADDRESSES: [&str; 8] = [
    "host",
    "http",
    "http_address",
    "ip",
    "network",
    "transport",
    "transport_address",
    "discovery",
];

/// Returns whether the response to a request describes nodes.
pub(super) fn describes(uri: &Uri) -> bool {
    let first = uri.path().split('/').find(|segment| !segment.is_empty());
    first == Some("_nodes")
}

/// Returns the response without addresses; `None` if it does not describe nodes.
pub(super) fn without_addresses(body: &[u8]) -> Option<String> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    let nodes = answer.get_mut("nodes")?.as_object_mut()?;
    for node in nodes.values_mut().filter_map(Value::as_object_mut) {
        hide(node);
        if let Some(settings) = node.get_mut("settings").and_then(Value::as_object_mut) {
            hide(settings);
        }
    }
    let is_pretty = body.contains(&b'\n');
    let text = if is_pretty {
        serde_json::to_string_pretty(&answer)
    } else {
        serde_json::to_string(&answer)
    };
    text.ok()
}

fn hide(fields: &mut Map<String, Value>) {
    for name in ADDRESSES {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_addresses_are_removed() {
        let body = json!({"_nodes": {"total": 1}, "cluster_name": "c", "nodes": {"a": {
            "name": "n", "transport_address": "127.0.0.1:9300", "host": "127.0.0.1", "ip": "127.0.0.1",
            "version": "2.19.4", "roles": ["data"], "http": {"publish_address": "127.0.0.1:9200"},
            "settings": {"http": {"port": "9200"}, "node": {"name": "n"}}}}});
        let hidden: Value =
            serde_json::from_str(&without_addresses(body.to_string().as_bytes()).unwrap()).unwrap();
        let expected = json!({"_nodes": {"total": 1}, "cluster_name": "c", "nodes": {"a": {
            "name": "n", "version": "2.19.4", "roles": ["data"], "settings": {"node": {"name": "n"}}}}});
        assert_eq!(hidden, expected);
        assert_eq!(without_addresses(b"{}"), None);
    }

    #[test]
    fn only_node_apis_are_rewritten() {
        for (path, expected) in [
            ("/_nodes", true),
            ("//_nodes/http?pretty", true),
            ("/_nodes/_all/stats", true),
            ("/a/_nodes", false),
            ("/_nodes2", false),
        ] {
            assert_eq!(describes(&path.parse().unwrap()), expected, "{path}");
        }
    }
}
