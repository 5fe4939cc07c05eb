use irsa_identity::SigningService;

use super::*;

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

fn postgres(text: &str) -> (UpstreamSpec, irsa_postgres::Upstream) {
    let spec = parse(text, None).unwrap();
    match &spec.store {
        Store::Postgres(upstream) => (spec.clone(), upstream.clone()),
        Store::OpenSearch(_) => panic!("{text} is no PostgreSQL"),
    }
}

fn upstream(more: &str) -> (UpstreamSpec, irsa_postgres::Upstream) {
    postgres(&format!("postgres://{ENDPOINT}{more}"))
}

fn domain(text: &str) -> OpenSearchStore {
    match parse(text, None).unwrap().store {
        Store::OpenSearch(store) => store,
        Store::Postgres(_) => panic!("{text} is no OpenSearch"),
    }
}

fn mistakes(text: &str) -> Vec<String> {
    parse(text, None).unwrap_err()
}

#[test]
fn derives_region_port_and_names_from_the_endpoint() {
    let (spec, upstream) = upstream("");
    assert_eq!(upstream.region.as_str(), "eu-central-1");
    assert_eq!(upstream.to_string(), format!("{ENDPOINT}:5432"));
    assert_eq!(
        (upstream.dial_host.as_str(), upstream.dial_port),
        (ENDPOINT, 5432)
    );
    assert_eq!(upstream.tls_name.to_str(), ENDPOINT);
    assert_eq!(spec.listen, [ListenAddress::Loopback { port: 5432 }]);
    assert!(!spec.has_explicit_listen);
}

#[test]
fn dials_a_different_address_than_it_signs_for() {
    let (spec, upstream) = upstream(":6432?dial=[::1]:7000&listen=1&listen=unix:/run/irsa");
    assert_eq!((upstream.sign_port, upstream.dial_port), (6432, 7000));
    assert_eq!(upstream.dial_host, "::1");
    assert_eq!(spec.listen.len(), 2);
    assert_eq!(self::upstream(":6432?dial=tunnel").1.dial_port, 6432);
}

#[test]
fn parses_the_mode_of_a_socket() {
    let (spec, _) = upstream("?listen=unix:/run/irsa&socket-mode=660");
    assert_eq!(spec.socket_mode, Some(0o660));
    assert_eq!(upstream("?listen=unix:/run/irsa").0.socket_mode, None);
    for (parameters, mistake) in [
        (
            "listen=unix:/run/irsa&socket-mode=rw",
            "`socket-mode`: `rw`",
        ),
        (
            "listen=unix:/run/irsa&socket-mode=%2B66",
            "`socket-mode`: `+66`",
        ),
        ("listen=unix:/run/irsa&socket-mode=", "`socket-mode`: ``"),
        (
            "listen=unix:/run/irsa&socket-mode=1777",
            "`socket-mode`: `1777`",
        ),
        (
            "listen=1&socket-mode=660",
            "`socket-mode` requires `listen=unix:",
        ),
    ] {
        let mistakes = mistakes(&format!("postgres://{ENDPOINT}?{parameters}"));
        assert!(mistakes[0].contains(mistake), "{mistakes:?}");
    }
}

#[test]
fn signs_for_the_endpoint_behind_a_custom_name() {
    let (_, upstream) = postgres(&format!("postgres://db.shop.example?sign-host={ENDPOINT}"));
    assert_eq!(upstream.sign_host, ENDPOINT);
    assert_eq!(upstream.dial_host, "db.shop.example");
    assert_eq!(upstream.tls_name.to_str(), ENDPOINT);
}

#[test]
fn reports_all_mistakes_of_an_upstream() {
    let found = mistakes("mysql://h/db?colour=red&dial=:&role=x");
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(
        found
            .iter()
            .all(|mistake| mistake.starts_with("upstream `mysql://h/db?"))
    );
}

#[test]
fn an_external_id_requires_a_role() {
    let found = mistakes(&format!("postgres://{ENDPOINT}?external-id=1"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].ends_with("`external-id` requires `role`"),
        "{found:?}"
    );
}

#[test]
fn one_mistake_is_one_message() {
    let domain = "search-shop-abc.eu-central-1.es.amazonaws.com";
    for (text, mistake) in [
        (
            "shop.example:5432".to_owned(),
            "the scheme is missing; expected",
        ),
        (domain.to_owned(), "the scheme is missing; expected"),
        (format!("https://{domain}"), "unknown scheme `https`"),
        ("postgres://".to_owned(), "the host is missing"),
        (
            format!("postgres://{domain}"),
            "is an OpenSearch endpoint; use `opensearch://search-shop-abc.",
        ),
        (
            format!("opensearch://{ENDPOINT}"),
            "is a database endpoint; use `postgres://shop.cluster-",
        ),
        (
            format!("postgres://{ENDPOINT}?region=eu-west-1"),
            "`region=eu-west-1` does not match the endpoint, which is in eu-central-1",
        ),
        (
            format!("opensearch://{domain}?region=eu-west-1"),
            "`region=eu-west-1` does not match the endpoint, which is in eu-central-1",
        ),
        (
            format!("postgres://{ENDPOINT}?tls-name=a&tls-name=b"),
            "`tls-name` is given more than once",
        ),
        (format!("postgres://{ENDPOINT}:0"), "port 0"),
        (format!("postgres://{ENDPOINT}?dial=h:0"), "`dial`: `h:0`"),
        (format!("postgres://{ENDPOINT}?dial=h/x"), "`dial`: `h/x`"),
        (
            format!("opensearch://{domain}?allow-origin=localhost:8080"),
            "`allow-origin`: `localhost:8080` is not an origin",
        ),
        (
            format!("postgres://{ENDPOINT}?http-proxy=socks5://proxy:1080"),
            "`http-proxy`: `socks5://proxy:1080` is not the URL of an HTTP proxy",
        ),
        (
            format!("opensearch://{domain}?http-proxy=http://me:hush@proxy:1"),
            "set HTTPS_PROXY to it and use `http-proxy=env`",
        ),
        (
            format!("opensearch://{domain}?allow-path=/a#b"),
            "the part after `#` is ignored",
        ),
    ] {
        let found = mistakes(&text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(mistake), "{found:#?}");
    }
}

#[test]
fn host_names_are_normalized() {
    let shouted = ENDPOINT.to_ascii_uppercase();
    let (_, upstream) = postgres(&format!("postgres://{shouted}."));
    assert_eq!(upstream.sign_host, ENDPOINT);
    assert_eq!(upstream.dial_host, ENDPOINT);
    let (_, upstream) = postgres(&format!("postgres://db.example?sign-host={shouted}."));
    assert_eq!(upstream.sign_host, ENDPOINT);
}

#[test]
fn messages_contain_no_password() {
    for text in [
        "postgres://alice:hush@h",
        "postgres://alice:hu@sh@h:x",
        "postgres://alice:hush@h?x=@",
        "mysql://alice:hush@h/db",
        "alice:hush@h:5432",
    ] {
        let found = mistakes(text).join("\n");
        assert!(
            !found.contains("sh@") && !found.contains("alice"),
            "{found}"
        );
    }
}

#[test]
fn derives_region_and_service_of_a_domain_from_its_endpoint() {
    for (host, region, service) in [
        (
            "search-shop-abc.eu-central-1.es.amazonaws.com",
            "eu-central-1",
            SigningService::Es,
        ),
        (
            "search-shop-abc.aos.eu-west-1.on.aws",
            "eu-west-1",
            SigningService::Es,
        ),
        (
            "abc123.us-east-1.aoss.amazonaws.com",
            "us-east-1",
            SigningService::Aoss,
        ),
    ] {
        let upstream = domain(&format!("opensearch://{host}/")).upstream;
        assert_eq!(upstream.scope.region.as_str(), region);
        assert_eq!(upstream.scope.service, service);
        assert_eq!(
            (upstream.sign_host.as_str(), upstream.dial_port),
            (host, 443)
        );
    }
}

#[test]
fn listens_on_the_default_port_of_opensearch() {
    let spec = parse(
        "opensearch://search-shop-abc.eu-central-1.es.amazonaws.com",
        None,
    )
    .unwrap();
    assert_eq!(spec.listen, [ListenAddress::Loopback { port: 9200 }]);
}

#[test]
fn parses_guards_and_switches() {
    let store = domain(
        "opensearch://search.shop.example?region=eu-central-1&service=aoss&read-only\
         &allow-path=/orders*&allow-path=/_bulk&deny-security-api=true&unsigned-payload=false\
         &allow-origin=http://localhost:8080&allow-origin=https://Tools.example/\
         &server-name=Search.shop.svc",
    );
    assert_eq!(store.upstream.scope.service, SigningService::Aoss);
    assert!(store.guards.read_only && store.guards.deny_security_api);
    assert_eq!(store.guards.allow_paths.len(), 2);
    let origins = store.guards.allow_origins.iter().map(ToString::to_string);
    let expected = ["http://localhost:8080", "https://tools.example"];
    assert!(origins.eq(expected));
    assert_eq!(store.payload, PayloadSigning::Hashed);
    assert_eq!(store.server_names, ["search.shop.svc"]);
}

#[test]
fn rejects_parameters_of_other_data_stores() {
    let found = mistakes(&format!("postgres://{ENDPOINT}?read-only"));
    assert!(
        found[0].contains("unknown parameter `read-only`"),
        "{found:?}"
    );

    let found = mistakes(
        "opensearch://search-shop-abc.eu-central-1.es.amazonaws.com/orders?sign-port=1&service=aoss",
    );
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[2].contains("does not match"), "{found:#?}");
}

#[test]
fn an_http_proxy_is_given_or_left_to_the_environment() {
    let rules = ProxyRules::parse("http://from.environment:3128", "intranet").unwrap();
    let selected = |more: &str| {
        let (mut spec, _) = upstream(more);
        if spec.uses_proxy_variables {
            spec.select_http_proxy(&rules);
        }
        let Store::Postgres(upstream) = spec.store else {
            panic!("it is PostgreSQL");
        };
        upstream.http_proxy.map(|proxy| proxy.to_string())
    };
    assert_eq!(selected(""), None);
    let given = selected("?http-proxy=http://proxy.corp:8080");
    assert_eq!(given.as_deref(), Some("proxy.corp:8080"));
    let from_environment = selected("?http-proxy=env");
    assert_eq!(from_environment.as_deref(), Some("from.environment:3128"));
    assert_eq!(selected("?http-proxy=env&dial=db.intranet"), None);
}

#[test]
fn no_message_contains_the_password_of_a_proxy() {
    for value in ["http://me:hush@proxy:1", "http%3A%2F%2Fme:hush%40proxy:1"] {
        let found = mistakes(&format!(
            "postgres://{ENDPOINT}?http-proxy={value}&colour=red"
        ));
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(!found.concat().contains("hush"), "{found:#?}");
        assert!(found[0].contains("?http-proxy=…&colour=red"), "{found:#?}");
    }
}
