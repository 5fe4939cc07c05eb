//! Tests of the guards, and of repeatable requests.

use super::*;

fn denial(guards: &Guards, method: &Method, target: &str) -> Option<Denial> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    guards.check(method, path, query).err()
}

#[test]
fn by_default_all_requests_are_allowed() {
    let guards = Guards::default();
    assert_eq!(
        denial(&guards, &Method::DELETE, "/_plugins/_security/api/roles/x"),
        None
    );
}

#[test]
fn the_security_api_is_blocked_in_every_spelling() {
    let guards = Guards {
        deny_security_api: true,
        ..Guards::default()
    };
    for path in [
        "/_plugins/_security",
        "/_plugins/_security/api/roles",
        "/_opendistro/_security/api/roles",
        "/_OPENDISTRO/_Security/api/roles",
        "//_plugins//_security/api",
        "/./_plugins/./_security/api",
        "/orders/../_plugins/_security/api",
        "/%5Fplugins/%5fsecurity/api",
        "/_plugins%2F_security/api",
        "/_plugins%252f_security/api",
        "/orders/%2e%2e/_plugins/_security/api",
        "/%5Fopendistro%2F%5Fsecurity",
        "/_dashboards/api/console/proxy",
        "/_dashboards/w/abc/api/console/proxy",
        "/_dashboards/api/v1/configuration/roles/admin",
        "/_dashboards//api/v1/configuration/account",
        "/_dashboards/api/ism/apiCaller",
        "/_plugin/kibana/api/console/proxy",
        "/_plugin/kibana/s/space/api/v1/configuration/roles",
        "/_plugin/kibana%2Fapi%2Fconsole/proxy",
    ] {
        assert_eq!(
            denial(&guards, &Method::GET, path),
            Some(Denial::SecurityApi),
            "{path}"
        );
    }
    for path in [
        "/_plugins/_ism/policies",
        "/_plugins/_security_analytics/detectors",
        "/orders/_doc/_security",
        "/_bulk",
        "/",
        "/_dashboards/app/home",
        "/_dashboards/api/saved_objects/_find",
        "/_dashboards/api/v1x",
        "/orders/api/console",
    ] {
        assert_eq!(denial(&guards, &Method::PUT, path), None, "{path}");
    }
}

const READING: [(Method, &str); 46] = [
    (Method::GET, "/"),
    (Method::HEAD, "/"),
    (Method::GET, "/orders"),
    (Method::HEAD, "/orders"),
    (Method::HEAD, "/orders/_search"),
    (Method::GET, "/orders/_doc/7"),
    (Method::GET, "/orders/_doc/a%2Fb"),
    (Method::GET, "/orders/_doc/a,_b"),
    (Method::GET, "/%3Corders-%7Bnow%2Fd%7D%3E/_search"),
    (Method::GET, "/_cat/indices"),
    (Method::GET, "/_nodes/_local/stats"),
    (Method::GET, "/_snapshot/backups/_all"),
    (Method::GET, "/_cluster/state/_all/orders"),
    (Method::POST, "/_search"),
    (Method::POST, "/orders/_search"),
    (Method::POST, "/orders-*,archive/_search/"),
    (Method::POST, "/_all/_search"),
    (Method::POST, "/_search/scroll"),
    (Method::POST, "/_search/template"),
    (Method::POST, "/orders/_search/point_in_time"),
    (Method::POST, "/_msearch"),
    (Method::POST, "/orders/_count"),
    (Method::POST, "/_mget"),
    (Method::POST, "/orders/_field_caps"),
    (Method::POST, "/orders/_validate/query"),
    (Method::POST, "/_analyze"),
    (Method::POST, "/orders/_explain/7"),
    (Method::POST, "/orders/_termvectors"),
    (Method::POST, "/_render/template/mine"),
    (Method::POST, "/_index_template/_simulate/mine"),
    (Method::DELETE, "/_search/scroll"),
    (Method::DELETE, "/_search/scroll/DXF1ZXJ5"),
    (Method::DELETE, "/_search/point_in_time"),
    (Method::GET, "/orders/order/7"),
    (Method::POST, "/orders/order/_search"),
    (Method::POST, "/orders/order/7/_explain"),
    (Method::POST, "/_plugins/_sql"),
    (Method::POST, "/_plugins/_ppl"),
    (Method::GET, "/_plugins/_ism/explain/orders"),
    (Method::POST, "/_plugins/_alerting/monitors/_search"),
    (
        Method::POST,
        "/_plugins/_anomaly_detection/detectors/_search",
    ),
    (Method::GET, "/_opendistro/_knn/stats"),
    (Method::GET, "/_plugins/_security/api/roles"),
    (Method::GET, "/_plugins/_security_analytics/alerts"),
    (Method::GET, "/_dashboards/app/dashboards"),
    (Method::GET, "/_dashboards/7.0.1/bundles/core/core.entry.js"),
];

const WRITING: [(Method, &str); 62] = [
    (Method::PUT, "/orders"),
    (Method::PATCH, "/orders"),
    (Method::OPTIONS, "/"),
    (Method::DELETE, "/orders"),
    (Method::DELETE, "/_all"),
    (Method::DELETE, "/orders/_doc/7"),
    (Method::DELETE, "/_search"),
    (Method::POST, "/_bulk"),
    (Method::POST, "/_explain/_bulk"),
    (Method::POST, "/_termvectors/_bulk"),
    (Method::POST, "/_termvectors/%5Fbulk"),
    (Method::POST, "/_render/template/_bulk"),
    (Method::POST, "/_search/_bulk"),
    (Method::POST, "/_all/_bulk"),
    (Method::POST, "/orders/_search/_bulk"),
    (Method::POST, "/orders/_explain/_bulk"),
    (Method::POST, "/orders/order/_bulk"),
    (Method::POST, "/orders/_doc"),
    (Method::POST, "/orders/order"),
    (Method::POST, "/orders/_doc/_search"),
    (Method::POST, "/orders/_create/_count"),
    (Method::POST, "/orders/_update/7"),
    (Method::POST, "/orders/_delete_by_query"),
    (Method::POST, "/_reindex"),
    (Method::POST, "/_aliases"),
    (Method::POST, "/orders%2F_doc/_search"),
    (Method::POST, "/orders/_doc/../_doc/_search"),
    (Method::POST, "/orders/../_search"),
    (Method::POST, "/orders/%2e%2e/_search"),
    (Method::POST, "//_search"),
    (Method::POST, "/orders//_search"),
    (Method::POST, "/%5Fsearch"),
    (Method::POST, "/_SEARCH"),
    (Method::POST, "/_search;x"),
    (Method::POST, "/_bulk%2f..%2f_search"),
    (Method::POST, "/_plugins/_ism/add/x"),
    (Method::POST, "/orders/_explain/7/8"),
    (Method::DELETE, "/_search/scroll/_all"),
    (Method::DELETE, "/_search/scroll/%5Fall"),
    (Method::DELETE, "/_search/scroll/%255Fall"),
    (Method::DELETE, "/_search/scroll/,_all"),
    (Method::DELETE, "/_search/scroll/x%2C_all"),
    (Method::DELETE, "/_search/point_in_time/_all"),
    (Method::GET, "/_refresh"),
    (Method::GET, "/orders/_flush"),
    (Method::GET, "/_upgrade"),
    (Method::GET, "/_cache/clear"),
    (Method::HEAD, "/_refresh"),
    (Method::GET, "/_unknown"),
    (Method::GET, "/orders/_unknown"),
    (Method::GET, "/_plugins/_knn/warmup/orders"),
    (Method::GET, "/_plugins/_notifications/feature/test/x"),
    (Method::POST, "/_opendistro/_sql"),
    (Method::PUT, "/_plugins/_query/settings"),
    (Method::POST, "/_plugins/_security/api/cache"),
    (Method::GET, "/_dashboards/api/console/proxy"),
    (Method::POST, "/_dashboards/api/console/proxy"),
    (Method::GET, "/_dashboards/api/v1/configuration/roles"),
    (Method::GET, "/_dashboards/goto/x"),
    (Method::GET, "/_dashboards/app/../api/console/proxy"),
    (Method::POST, "/_dashboards/app/home"),
    (Method::POST, "/orders/_explain/x%2F..%2F_bulk"),
];

#[test]
fn read_only_allows_reads_and_nothing_else() {
    let guards = Guards {
        read_only: true,
        ..Guards::default()
    };
    for (method, path) in READING {
        assert_eq!(denial(&guards, &method, path), None, "{method} {path}");
    }
    for (method, path) in WRITING {
        let denied = denial(&guards, &method, path);
        assert_eq!(denied, Some(Denial::ReadOnly), "{method} {path}");
    }
}

#[test]
fn writes_and_paging_requests_are_not_repeatable() {
    for (method, path) in WRITING {
        assert!(!is_repeatable(&method, path), "{method} {path}");
    }
    for (method, path) in [
        (Method::GET, "/_search/scroll"),
        (Method::GET, "/%5Fsearch/scroll/DXF1"),
        (Method::POST, "/_search/scroll"),
        (Method::DELETE, "/_search/scroll"),
        (Method::POST, "/orders/_search/point_in_time"),
        (Method::POST, "/_plugins/_sql"),
    ] {
        assert!(!is_repeatable(&method, path), "{method} {path}");
    }
    for (method, path) in [
        (Method::GET, "/orders/_doc/7"),
        (Method::HEAD, "/orders"),
        (Method::POST, "/orders/_search"),
        (Method::POST, "/_msearch"),
        (Method::GET, "/_cat/indices/_all"),
    ] {
        assert!(is_repeatable(&method, path), "{method} {path}");
    }
}
