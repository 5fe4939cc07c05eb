//! Tests of requests from browsers.

use http::Request;

use super::*;

fn parts(method: &str, host: &str, pairs: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder()
        .method(method)
        .uri("/")
        .header(HOST, host);
    for (name, value) in pairs {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn is_refused(method: &str, host: &str, pairs: &[(&str, &str)]) -> bool {
    check(&parts(method, host, pairs)).is_err()
}

#[test]
fn requests_without_an_origin_and_from_the_listeners_own_pages_are_allowed() {
    for pairs in [
        &[][..],
        &[("origin", "http://localhost:9200")],
        &[("origin", "HTTP://LOCALHOST:9200")],
        &[
            ("origin", "http://localhost:9200"),
            ("sec-fetch-site", "same-origin"),
        ],
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
    ] {
        for method in ["GET", "POST", "DELETE"] {
            assert!(
                !is_refused(method, "localhost:9200", pairs),
                "{method} {pairs:?}"
            );
        }
    }
    for (host, origin) in [
        ("search.example", "https://search.example"),
        ("search.example:443", "https://search.example"),
        ("search.example", "http://search.example:80"),
        ("[::1]:9200", "http://[::1]:9200"),
    ] {
        assert!(!is_refused("POST", host, &[("origin", origin)]), "{origin}");
    }
}

#[test]
fn pages_of_other_origins_are_blocked() {
    for pairs in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "http://localhost:8080")],
        &[("origin", "http://localhost")],
        &[("origin", "http://127.0.0.1:9200")],
        &[("origin", "http://localhost:9200.evil.example")],
        &[("origin", "http://localhost:9200@evil.example")],
        &[("origin", "http://evil.example/://localhost:9200")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", "localhost:9200")],
        &[
            ("origin", "http://localhost:9200"),
            ("origin", "https://evil.example"),
        ],
        &[("origin", "http://localhost:9200 https://evil.example")],
        &[
            ("origin", "http://localhost:9200"),
            ("sec-fetch-site", "cross-site"),
        ],
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
        ],
        &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")],
        &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
    ] {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            assert!(
                is_refused(method, "localhost:9200", pairs),
                "{method} {pairs:?}"
            );
        }
    }
}

#[test]
fn a_link_is_allowed_and_a_form_is_blocked() {
    let navigation = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
    ];
    assert!(!is_refused("GET", "localhost:9200", &navigation));
    assert!(!is_refused("HEAD", "localhost:9200", &navigation));
    assert!(is_refused("POST", "localhost:9200", &navigation));
}

#[test]
fn only_the_exact_origin_is_allowed() {
    let allowed = ["http://localhost:8080", "https://tools.example:443/"]
        .map(|origin| origin.parse::<WebOrigin>().unwrap());
    let request = |origin: &str| {
        let parts = parts("POST", "localhost:9200", &[("origin", origin)]);
        allowed_origin(&allowed, &parts.headers).is_some()
    };
    for origin in [
        "http://localhost:8080",
        "https://tools.example",
        "https://Tools.example:443",
    ] {
        assert!(request(origin), "{origin}");
    }
    for origin in [
        "https://localhost:8080",
        "http://localhost:8081",
        "http://localhost",
        "null",
    ] {
        assert!(!request(origin), "{origin}");
    }
}

#[test]
fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
    for text in [
        "http://localhost:8080",
        "moz-extension://a0b1-c2",
        "https://[::1]/",
    ] {
        assert!(text.parse::<WebOrigin>().is_ok(), "{text}");
    }
    for text in [
        "",
        "null",
        "*",
        "localhost",
        "http://",
        "http://a/b",
        "http://a?b",
        "http://u@a",
    ] {
        let error = text.parse::<WebOrigin>().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("`{text}` is not an origin")),
            "{error}"
        );
    }
}

#[test]
fn an_error_names_the_origin_and_how_to_allow_it() {
    let parts = parts(
        "POST",
        "localhost:9200",
        &[("origin", "http://localhost:8080")],
    );
    let page = check(&parts).unwrap_err();
    assert!(
        page.to_string()
            .ends_with("different origin (`http://localhost:8080`)")
    );
    assert!(
        page.remedy()
            .contains("`allow-origin=http://localhost:8080`")
    );
}
