//! What guards let through.

use super::*;

fn denial(guards: &Guards, method: &Method, path: &str) -> Option<Denial> {
    guards.check(method, path).err()
}

#[test]
fn by_default_all_goes_through() {
    let guards = Guards::default();
    assert_eq!(
        denial(&guards, &Method::DELETE, "/_plugins/_security/api/roles/x"),
        None
    );
}

#[test]
fn the_security_api_is_denied_however_it_is_written() {
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
    ] {
        assert_eq!(
            denial(&guards, &Method::GET, path),
            Some(Denial::SecurityApi),
            "{path}"
        );
    }
    for path in [
        "/_plugins/_ism/policies",
        "/orders/_doc/_security",
        "/_bulk",
        "/",
    ] {
        assert_eq!(denial(&guards, &Method::PUT, path), None, "{path}");
    }
}

#[test]
fn an_allow_list_holds_for_each_reading() {
    let guards = Guards {
        allow_paths: vec!["/orders-*".parse().unwrap(), "/_bulk".parse().unwrap()],
        ..Guards::default()
    };
    for path in ["/orders-1/_doc/a%2Fb", "/_bulk", "/_bulk/", "//_bulk"] {
        assert_eq!(denial(&guards, &Method::PUT, path), None, "{path}");
    }
    for path in [
        "/",
        "/secrets/_search",
        "/orders-1/../secrets/_search",
        "/orders-1/%2e%2e/secrets/_search",
        "/orders-1%2f..%2fsecrets/_search",
        "/_bulk/x",
    ] {
        assert_eq!(
            denial(&guards, &Method::GET, path),
            Some(Denial::Path),
            "{path}"
        );
    }
}

const READING: [(Method, &str); 22] = [
    (Method::GET, "/anything"),
    (Method::HEAD, "/orders"),
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
    (Method::DELETE, "/_search/scroll"),
    (Method::DELETE, "/_search/scroll/DXF1ZXJ5"),
    (Method::DELETE, "/_search/point_in_time"),
    (Method::DELETE, "/_search/point_in_time/_all"),
];

const WRITING: [(Method, &str); 18] = [
    (Method::PUT, "/orders"),
    (Method::PATCH, "/orders"),
    (Method::OPTIONS, "/"),
    (Method::DELETE, "/orders"),
    (Method::DELETE, "/orders/_doc/7"),
    (Method::DELETE, "/_search"),
    (Method::POST, "/_bulk"),
    (Method::POST, "/orders/_doc"),
    (Method::POST, "/orders/_doc/_search"),
    (Method::POST, "/orders/_create/_count"),
    (Method::POST, "/orders/_update/7"),
    (Method::POST, "/orders/_delete_by_query"),
    (Method::POST, "/_reindex"),
    (Method::POST, "/_aliases"),
    (Method::POST, "/orders%2F_doc/_search"),
    (Method::POST, "/orders/_doc/../_doc/_search"),
    (Method::POST, "/_plugins/_ism/add/x"),
    (Method::POST, "/orders/_explain/7/8"),
];

#[test]
fn read_only_lets_what_reads_through_and_nothing_else() {
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
fn what_writes_or_turns_a_page_is_not_repeated() {
    for (method, path) in WRITING {
        assert!(!is_repeatable(&method, path), "{method} {path}");
    }
    for (method, path) in [
        (Method::GET, "/_search/scroll"),
        (Method::GET, "/%5Fsearch/scroll/DXF1"),
        (Method::POST, "/_search/scroll"),
        (Method::DELETE, "/_search/scroll"),
        (Method::POST, "/orders/_search/point_in_time"),
    ] {
        assert!(!is_repeatable(&method, path), "{method} {path}");
    }
    for (method, path) in [
        (Method::GET, "/orders/_doc/7"),
        (Method::HEAD, "/orders"),
        (Method::POST, "/orders/_search"),
        (Method::POST, "/_msearch"),
    ] {
        assert!(is_repeatable(&method, path), "{method} {path}");
    }
}
