//! Tests of path patterns, and of the errors for requests that do not match.

use super::*;

fn problem(patterns: &[&str], request: &str) -> Option<Mismatch> {
    let patterns: Vec<_> = patterns
        .iter()
        .map(|pattern| pattern.parse().unwrap())
        .collect();
    let (method, target) = request.split_once(' ').unwrap();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let method = method.parse().unwrap();
    let target = Target {
        method: &method,
        path,
        query,
    };
    check(&patterns, &target).err()
}

fn assert_allowed(patterns: &[&str], requests: &[&str]) {
    for request in requests {
        assert_eq!(problem(patterns, request), None, "{request}");
    }
}

fn assert_refused(patterns: &[&str], requests: &[&str]) {
    for request in requests {
        assert!(problem(patterns, request).is_some(), "{request}");
    }
}

#[test]
fn the_index_in_a_path_must_match() {
    assert_allowed(
        &["/orders-*"],
        &[
            "GET /orders-1/_search",
            "POST /orders-1/_search/",
            "GET /orders-*/_search",
            "PUT /orders-1/_doc/a%2Fb",
            "PUT /orders-1/_doc/-7",
            "PUT /orders-1/_doc/a,b,-c",
            "PUT /orders-1/order/a,,b",
            "POST /orders-1/order/-7/_update",
            "GET /orders-%2A/_search",
            "GET /orders-1?pretty",
            "POST /orders-1/_search/point_in_time?keep_alive=1m",
            "GET /orders-1/_search?_source=a&q=index:b",
        ],
    );
    assert_refused(
        &["/orders-*"],
        &[
            "GET /",
            "GET /secrets/_search",
            "GET /orders/_search",
            "GET /orders*/_search",
            "GET /*/_search",
            "GET /_all/_search",
            "GET /orders-1/../secrets/_search",
            "GET /orders-1/%2e%2e/secrets/_search",
            "GET /orders-1%2f..%2fsecrets/_search",
            "GET //orders-1/_search",
            "GET /orders-1//_search",
            "GET /orders-1:customers/_search",
            "GET /%3Corders-%7Bnow%7D%3E/_search",
        ],
    );
}

#[test]
fn every_item_of_a_list_must_match() {
    assert_allowed(
        &["/orders-*", "/archive", "/_cat/indices/orders-*"],
        &[
            "GET /orders-1,orders-2/_search",
            "GET /orders-1%2Corders-2*/_search",
            "GET /orders-1,archive",
            "GET /_cat/indices/orders-1,orders-2",
        ],
    );
    assert_refused(
        &["/orders-*", "/archive", "/_cat/indices/orders-*"],
        &[
            "GET /orders-1,customers/_search",
            "GET /orders-1%2Ccustomers/_search",
            "GET /orders-1%252Ccustomers/_search",
            "GET /customers,orders-1/_search",
            "GET /orders-1,*/_search",
            "GET /orders-1,_all/_search",
            "GET /orders-*,-orders-1/_search",
            "GET /orders-*%2C-orders-1/_search",
            "GET /-orders-1/_search",
            "GET /orders-1,/_search",
            "GET /,/_search",
            "GET /orders-1,+customers/_search",
            "GET /_cat/indices/orders-1,customers",
        ],
    );
}

#[test]
fn date_math_and_remote_clusters_match_only_literally() {
    assert_allowed(
        &["/<orders-*"],
        &["GET /%3Corders-%7Bnow%2Fd%7D%3E/_search"],
    );
    assert_allowed(&["/eu:orders-*"], &["GET /eu:orders-1/_search"]);
}

/// Each of these requests can access any index: through its body, its query, or a second name in its path.
const NAMING: [&str; 30] = [
    "POST /orders-1/_bulk",
    "PUT /orders-1/_bulk",
    "POST /orders-1/order/_bulk",
    "GET /orders-1/_mget",
    "POST /orders-1/_msearch",
    "POST /orders-1/_msearch/template",
    "POST /orders-1/_mtermvectors",
    "PUT /orders-1/_alias/customers",
    "POST /orders-1/_aliases/customers",
    "POST /orders-1/_rollover",
    "POST /orders-1/_rollover/customers",
    "POST /orders-1/_clone/customers",
    "PUT /orders-1/_split/customers",
    "PUT /orders-1/_shrink/customers",
    "GET /orders-1/_search?source=%7B%7D&source_content_type=application/json",
    "GET /orders-1/_search?a=b;source=%7B%7D",
    "GET /orders-1/_search?%73ource=%7B%7D",
    "GET /orders-1/_search?=source=%7B%7D",
    "GET /orders-1/_search?source",
    "GET /orders-1?source=x",
    "GET /orders-1/_search?index=customers",
    "POST /orders-1/_unknown",
    "POST /orders-1/_search/_bulk",
    "POST /orders-1/%5Fbulk",
    "POST /orders-1%2F_bulk",
    "POST /orders-1/_explain/_bulk",
    "POST /_orders-1/_bulk",
    "PATCH /orders-1",
    "PUT /orders-1/a/b/c",
    "OPTIONS /orders-1",
];

#[test]
fn an_endpoint_that_can_access_any_index_is_blocked() {
    assert_refused(&["/orders-*"], &NAMING);
    assert_refused(&["/*orders-*"], &NAMING);
    assert_refused(
        &["/*"],
        &[
            "POST /_bulk",
            "GET /_mget",
            "GET /_msearch",
            "GET /_mtermvectors",
            "POST /_reindex",
            "POST /_aliases",
            "POST /_plugins/_sql",
            "POST /_plugins/_ppl",
            "POST /_opendistro/_sql",
            "POST /_search/scroll",
            "DELETE /_search/scroll/DXF1",
            "DELETE /_search/point_in_time",
            "GET /_search",
            "POST /_snapshot/backups/1/_restore",
        ],
    );
    assert_refused(
        &["/_plugins/*"],
        &["POST /_plugins/_sql", "POST /_plugins/_new"],
    );
    assert_allowed(&["/*"], &["GET /_cat/indices", "GET /anything/_search"]);
}

#[test]
fn a_pattern_that_contains_the_endpoint_allows_it() {
    assert_allowed(
        &[
            "/orders-*",
            "/orders-*/_bulk",
            "/_search/scroll*",
            "/_plugins/_sql",
        ],
        &[
            "POST /orders-1/_bulk",
            "POST /_search/scroll",
            "DELETE /_search/scroll/DXF1",
            "POST /_plugins/_sql",
        ],
    );
    assert_allowed(&["/_bulk"], &["POST /_bulk", "PUT /_bulk/"]);
    assert_allowed(&["/*/_search"], &["GET /orders/_search?source=%7B%7D"]);
    assert_allowed(
        &["/_dashboards*"],
        &["POST /_dashboards/api/saved_objects/_find"],
    );
    assert_refused(
        &["/orders-*", "/orders-*/_bulk"],
        &[
            "POST /_bulk",
            "POST /customers/_bulk",
            "POST /orders-1,customers/_bulk",
        ],
    );
}

#[test]
fn an_error_names_the_item_and_the_patterns() {
    let patterns = ["/orders-*", "/_cat/*"];
    for (request, said) in [
        (
            "GET /orders-1,customers/_search",
            "`/customers/_search` does not match an allowed path (`/orders-*`, `/_cat/*`)",
        ),
        (
            "GET /customers/_doc/alice",
            "`/customers/_doc/{id}` does not match an allowed path (`/orders-*`, `/_cat/*`)",
        ),
        (
            "GET /orders-*,-orders-1/_search",
            "`-orders-1` excludes an index, which is not supported with allowed paths (`/orders-*`, `/_cat/*`)",
        ),
        (
            "POST /orders-1/_bulk",
            "`/_bulk` can access any index, and no matching allowed path contains it literally \
             (`/orders-*`, `/_cat/*`)",
        ),
        (
            "GET /orders-1/_search?source=x",
            "`source` can access any index, and no matching allowed path contains it literally \
             (`/orders-*`, `/_cat/*`)",
        ),
        (
            "GET /a%0A%1b%5B31m/_search",
            "`/a\\n\\u{1b}[31m/_search` does not match an allowed path (`/orders-*`, `/_cat/*`)",
        ),
    ] {
        assert_eq!(problem(&patterns, request).unwrap().to_string(), said);
    }
    let remedy = problem(&patterns, "POST /orders-1/_bulk").unwrap().remedy();
    assert!(
        remedy.contains("`allow-path` that ends with `/_bulk`"),
        "{remedy}"
    );
}

#[test]
fn lists_of_lists_are_bounded() {
    let list = vec!["orders-1"; 40].join(",");
    let request = format!("GET /{list}/{list}/_search");
    let said = problem(&["/orders-*"], &request).unwrap().to_string();
    assert!(said.contains("more than 1000"), "{said}");
    let long = format!("GET /{}/_search", "x".repeat(4_000));
    assert!(problem(&["/orders-*"], &long).unwrap().to_string().len() < 300);
}
