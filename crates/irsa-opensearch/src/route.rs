//! The API that a path belongs to. It is a label of metrics, so its values are a fixed list.

/// APIs by the first segments of their paths after the index, longer ones first.
const APIS: [&str; 34] = [
    "_plugins/_ism",
    "_plugins/_security",
    "_search/scroll",
    "_search/point_in_time",
    "_alias",
    "_aliases",
    "_analyze",
    "_bulk",
    "_cat",
    "_cluster",
    "_component_template",
    "_count",
    "_create",
    "_delete_by_query",
    "_doc",
    "_field_caps",
    "_index_template",
    "_ingest",
    "_mapping",
    "_mget",
    "_msearch",
    "_nodes",
    "_plugins",
    "_refresh",
    "_reindex",
    "_resolve",
    "_search",
    "_settings",
    "_snapshot",
    "_source",
    "_tasks",
    "_template",
    "_update",
    "_update_by_query",
];

/// Returns the API of a path: one of the list, `root`, `index` for an index itself, or `other`.
pub(crate) fn class(path: &str) -> &'static str {
    let path = path.trim_start_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let rest = rest.trim_end_matches('/');
    match (first, rest) {
        ("", _) => "root",
        (index, "") if !index.starts_with('_') => "index",
        (index, rest) if !index.starts_with('_') || index == "_all" => api(rest),
        _ => api(path),
    }
}

fn api(path: &str) -> &'static str {
    let is_prefix = |api: &&str| {
        path.strip_prefix(*api)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    APIS.into_iter().find(is_prefix).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_api_for_any_index() {
        for (path, expected) in [
            ("/", "root"),
            ("/orders", "index"),
            ("/orders/", "index"),
            ("/orders-*,archive", "index"),
            ("/_bulk", "_bulk"),
            ("/orders/_bulk", "_bulk"),
            ("/orders/_doc/a%2Fb", "_doc"),
            ("/_search/scroll", "_search/scroll"),
            ("/orders/_search/point_in_time", "_search/point_in_time"),
            ("/orders/_search", "_search"),
            ("/_all/_search", "_search"),
            ("/_cluster/health", "_cluster"),
            ("/_plugins/_ism/add/zeebe-record_*", "_plugins/_ism"),
            ("/_plugins/_ppl", "_plugins"),
            ("/_index_template/zeebe", "_index_template"),
            ("/_searchlight", "other"),
            ("/orders/anything", "other"),
            ("/_secret-name-of-a-user", "other"),
        ] {
            assert_eq!(class(path), expected, "{path}");
        }
    }
}
