//! Calls every read route of a real OpenSearch with its security plugin, and checks that nothing changes.

use std::collections::BTreeSet;

use http::Method;
use irsa_components::opensearch::OpenSearch;
use irsa_opensearch::{Effect, Guards, Route, routes};
use serde_json::Value;

use super::bodies::{INDEX, body, path};
use super::state::{State, assert_unchanged};
use crate::node::Node;

/// Deletes the index, creates it again and overwrites a document, as a client could through a gap in the guard.
/// client do.
const BULK: &str = concat!(
    r#"{"index":{"_index":"hacked","_id":"1"}}"#,
    "\n{\"n\":1}\n",
    r#"{"delete":{"_index":"orders","_id":"mine"}}"#,
    "\n"
);

#[tokio::test]
async fn read_routes_change_nothing_in_a_real_opensearch() {
    let Some(node) = Node::start_unless_without_java().await else {
        return;
    };
    let node = &node.opensearch;
    furnish(node).await;
    let before = State::read(node).await;
    let answered = walk_the_table(node).await;
    assert_unchanged(&before, &State::read(node).await, "a route of the table");
    let admitted = walk_odd_paths(node).await;
    assert_unchanged(&before, &State::read(node).await, "an odd path");
    // A failed request proves nothing.
    assert!(answered > 150, "{answered} requests were carried out");
    assert!(admitted > 50, "{admitted} odd paths were admitted");
    // Verifies that the comparison detects the changes that odd paths could make.
    call(node, "POST", "/_explain/_bulk?refresh=true", BULK).await;
    assert!(State::read(node).await != before, "the comparison is blind");
}

/// Creates something to read.
async fn furnish(node: &OpenSearch) {
    let document = r#"{"n":1,"text":"one order"}"#;
    let script = r#"{"script":{"lang":"mustache","source":{"query":{"match_all":{}}}}}"#;
    let template = r#"{"index_patterns":["shop-*"]}"#;
    for (method, path, body) in [
        ("PUT", "/orders", r#"{"aliases":{"shop":{}}}"#),
        ("PUT", "/orders/_doc/mine?refresh=true", document),
        ("PUT", "/orders/_doc/2?refresh=true", document),
        ("PUT", "/_scripts/mine", script),
        ("PUT", "/_index_template/shop", template),
        ("PUT", "/_component_template/shop", r#"{"template":{}}"#),
        ("PUT", "/_template/shop", template),
        ("PUT", "/_ingest/pipeline/mine", r#"{"processors":[]}"#),
    ] {
        let status = call(node, method, path, body).await.0;
        assert!(status < 300, "{method} {path}: {status}");
    }
}

/// Returns the number of requests that were carried out.
async fn walk_the_table(node: &OpenSearch) -> usize {
    let guards = read_only();
    let mut answered = 0;
    for route in routes().filter(|route| route.effect != Effect::Writes) {
        for method in route.methods.split(' ') {
            let handle = handle(node, route).await;
            let (path, body) = (path(route, &handle), body(route, &handle));
            let (name, query) = path.split_once('?').unwrap_or((&path, ""));
            let verb = method.parse().unwrap();
            assert!(guards.allow(&verb, name, Some(query)), "{method} {path}");
            let (status, _) = call(node, method, &path, &body).await;
            assert!(status < 500, "{method} {path}: {status}");
            answered += usize::from(status < 300);
        }
    }
    answered
}

/// Returns a scroll or a point in time, for routes that need one.
async fn handle(node: &OpenSearch, route: &Route) -> String {
    let (path, name) = match route.pattern {
        pattern if pattern.starts_with("/_search/scroll") => ("_search?scroll=1m", "_scroll_id"),
        "/_search/point_in_time" => ("_search/point_in_time?keep_alive=1m", "pit_id"),
        _ => return String::new(),
    };
    let (_, answer) = call(node, "POST", &format!("/{INDEX}/{path}"), "").await;
    answer[name].as_str().unwrap().to_owned()
}

/// Sends a bulk request to each path of two or three API words that a read-only listener allows.
async fn walk_odd_paths(node: &OpenSearch) -> usize {
    let guards = read_only();
    let literals: BTreeSet<&str> = routes()
        .flat_map(|route| route.pattern.split('/'))
        .filter(|segment| segment.starts_with('_') && *segment != "_plugins")
        .collect();
    let first = [
        INDEX,
        "_all",
        "_search",
        "_explain",
        "_termvectors",
        "_render",
        "%5Fsearch",
    ];
    let paths = first.iter().flat_map(|first| {
        literals.iter().flat_map(move |second| {
            [
                format!("/{first}/{second}"),
                format!("/{first}/{second}/_bulk"),
                format!("/{first}/x/{second}"),
                format!("/{second}/{first}"),
            ]
        })
    });
    let mut admitted = 0;
    for path in paths {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            if guards.allow(&method, &path, None) {
                call(node, method.as_str(), &path, BULK).await;
                admitted += 1;
            }
        }
    }
    admitted
}

fn read_only() -> Guards {
    Guards {
        read_only: true,
        ..Guards::default()
    }
}

async fn call(node: &OpenSearch, method: &str, path: &str, body: &str) -> (u16, Value) {
    let answer = node.call(method, path, body).await.unwrap();
    let json = serde_json::from_str(&answer.body).unwrap_or_default();
    (answer.status, json)
}
