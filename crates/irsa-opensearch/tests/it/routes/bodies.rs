//! The requests for each route: a path with the names of existing objects, and a body.

use irsa_opensearch::Route;

/// The index that all requests use.
pub(super) const INDEX: &str = "orders";

/// Returns a path of a route, with `handle` as the scroll ID.
pub(super) fn path(route: &Route, handle: &str) -> String {
    let metric = if route.pattern.starts_with("/_cluster/state") {
        "metadata"
    } else if route.pattern.starts_with("/_nodes/usage") || route.pattern.contains("/usage/") {
        "rest_actions"
    } else if route.pattern.contains("/_stats") {
        "docs"
    } else {
        "jvm"
    };
    let names = [
        ("{index}", INDEX),
        ("{alias}", INDEX),
        ("{id}", "mine"),
        ("{type}", "order"),
        ("{name}", "shop"),
        ("{node_id}", "_local"),
        ("{metric}", metric),
        ("{fields}", "n"),
        ("{scroll_id}", handle),
        ("**", "x"),
    ];
    let mut path = names
        .iter()
        .fold(route.pattern.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        });
    while let (Some(begin), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(begin..=end, "none");
    }
    path + query(route.pattern)
}

fn query(pattern: &str) -> &'static str {
    if pattern.ends_with("_field_caps") {
        "?fields=*"
    } else if pattern.ends_with("/_search/point_in_time") {
        "?keep_alive=1m"
    } else {
        ""
    }
}

/// Returns a body that the route accepts.
pub(super) fn body(route: &Route, handle: &str) -> String {
    let query = r#"{"query":{"match_all":{}}}"#;
    let template = r#"{"source":{"query":{"match_all":{}}}}"#;
    let ends = |end: &str| route.pattern.ends_with(end);
    match route.pattern {
        "/_search/scroll" => format!(r#"{{"scroll_id":"{handle}"}}"#),
        "/_search/point_in_time" => format!(r#"{{"pit_id":["{handle}"]}}"#),
        "/_render/template" => template.to_owned(),
        "/_scripts/painless/_execute" => r#"{"script":{"source":"1 + 1"}}"#.to_owned(),
        "/_ingest/pipeline/_simulate" => {
            r#"{"pipeline":{"processors":[]},"docs":[{"_source":{"n":1}}]}"#.to_owned()
        }
        "/_ingest/pipeline/{id}/_simulate" => r#"{"docs":[{"_source":{"n":1}}]}"#.to_owned(),
        "/_index_template/_simulate" => r#"{"index_patterns":["x-*"],"template":{}}"#.to_owned(),
        _ if ends("/_msearch/template") => format!("{{\"index\":\"{INDEX}\"}}\n{template}\n"),
        _ if ends("/_search/template") => template.to_owned(),
        _ if ends("/_msearch") => format!("{{\"index\":\"{INDEX}\"}}\n{query}\n"),
        _ if ends("/_mget") => format!(r#"{{"docs":[{{"_index":"{INDEX}","_id":"mine"}}]}}"#),
        _ if ends("/_mtermvectors") => {
            format!(r#"{{"docs":[{{"_index":"{INDEX}","_id":"mine"}}]}}"#)
        }
        _ if ends("/_termvectors") => r#"{"doc":{"text":"one order"}}"#.to_owned(),
        _ if ends("/_analyze") => r#"{"analyzer":"standard","text":"one order"}"#.to_owned(),
        _ if ends("/_rank_eval") => format!(
            r#"{{"requests":[{{"id":"a","request":{query},"ratings":[{{"_index":"{INDEX}","_id":"mine","rating":1}}]}}],"metric":{{"precision":{{"k":1}}}}}}"#
        ),
        _ if ["/_search", "/_count", "/_validate/query", "/_explain/{id}"]
            .iter()
            .any(|end| ends(end)) =>
        {
            query.to_owned()
        }
        _ => String::new(),
    }
}
