use irsa_chain::Cause;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::connect::{ConnectOptions, connect};

#[test]
fn parses_the_forms_of_a_proxy_url() {
    for (url, expected) in [
        ("http://proxy.corp:3128", "proxy.corp:3128"),
        ("http://proxy.corp:3128/", "proxy.corp:3128"),
        ("proxy.corp:3128", "proxy.corp:3128"),
        ("http://proxy.corp", "proxy.corp:80"),
        ("http://[2001:db8::1]:3128", "[2001:db8::1]:3128"),
        ("http://me:hush@proxy.corp:3128", "proxy.corp:3128"),
    ] {
        let proxy = HttpProxy::parse(url).unwrap();
        assert_eq!(proxy.to_string(), expected, "{url}");
    }
}

#[test]
fn rejects_what_is_not_an_http_proxy() {
    for url in [
        "",
        "https://p:1",
        "socks5://p:1",
        "http://",
        "ftp://p",
        "h t",
    ] {
        assert_eq!(HttpProxy::parse(url), Err(InvalidHttpProxy), "{url}");
    }
}

#[test]
fn neither_debug_nor_display_contains_the_password() {
    let proxy = HttpProxy::parse("http://me:hush@proxy.corp:3128").unwrap();
    // The Basic credentials in Base64.
    assert!(
        proxy
            .authorization
            .as_ref()
            .unwrap()
            .to_str()
            .unwrap()
            .contains("bWU6aHVzaA==")
    );
    let printed = format!("{proxy:?} {proxy}");
    assert!(
        !printed.contains("hush") && !printed.contains("bWU6"),
        "{printed}"
    );
}

#[test]
fn no_proxy_selects_direct_connections() {
    let selects = |no_proxy, host| {
        let rules = ProxyRules::parse("http://me:hush@proxy.corp:3128", no_proxy).unwrap();
        assert!(!format!("{rules:?}").contains("hush"));
        let selected = rules.select(host).map(ToString::to_string);
        assert!(
            selected
                .as_deref()
                .is_none_or(|proxy| proxy == "proxy.corp:3128")
        );
        selected.is_some()
    };
    assert!(selects("", "db.example"));
    assert!(selects("other.example", "db.example"));
    assert!(!selects(".example", "db.example"));
    assert!(!selects("*", "db.example"));
    assert!(!selects("10.0.0.0/8", "10.1.2.3"));
    assert!(!selects("2001:db8::/32", "2001:db8::1"));
}

#[test]
fn an_invalid_proxy_is_an_error_even_if_no_host_uses_it() {
    for no_proxy in ["", "*"] {
        let parsed = ProxyRules::parse("socks5://proxy.corp", no_proxy);
        assert_eq!(parsed.unwrap_err(), InvalidHttpProxy, "{no_proxy}");
    }
}

#[tokio::test]
async fn connects_through_the_proxy_without_resolving_the_host() {
    let (listener, options) = proxy().await;
    let served = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let request = head(&mut client).await;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        // In both protocols the client is the first to send: nothing may follow the response on its own.
        let first = client.read_u8().await.unwrap();
        client.write_u8(first).await.unwrap();
        request
    });

    let mut stream = connect("db.invalid", 5432, &options).await.unwrap();

    stream.write_u8(7).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 7);
    let request = served.await.unwrap();
    assert!(
        request.starts_with("CONNECT db.invalid:5432 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("\r\nProxy-Authorization: Basic bWU6aHVzaA==\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_refusal_of_the_proxy_is_a_cause_of_its_own() {
    for (response, expected) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "unsuccessful"),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "proxy authorization required",
        ),
        ("", "unexpected end of file"),
    ] {
        let (listener, options) = proxy().await;
        let answer = async {
            let (mut client, _) = listener.accept().await.unwrap();
            head(&mut client).await;
            client.write_all(response.as_bytes()).await.unwrap();
        };

        let (connected, ()) = tokio::join!(connect("db.invalid", 5432, &options), answer);

        let error = connected.unwrap_err();
        assert_eq!(error.cause(), Cause::HttpProxyFailed);
        let text = error.to_string();
        assert!(
            text.contains("`db.invalid`") && text.contains(expected),
            "{text}"
        );
        assert!(!text.contains("hush"), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_silent_or_unreachable_is_named() {
    let (listener, mut options) = proxy().await;
    options.timeout = std::time::Duration::from_millis(200);
    let error = connect("db.invalid", 5432, &options).await.unwrap_err();
    assert_eq!(error.cause(), Cause::HttpProxyFailed);
    assert!(error.to_string().contains("within 200ms"), "{error}");

    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = connect("db.invalid", 5432, &options).await.unwrap_err();
    assert_eq!(error.cause(), Cause::HttpProxyFailed);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

async fn proxy() -> (TcpListener, ConnectOptions) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = HttpProxy::parse(&format!("http://me:hush@127.0.0.1:{port}")).unwrap();
    let options = ConnectOptions {
        http_proxy: Some(proxy),
        ..ConnectOptions::default()
    };
    (listener, options)
}

/// Reads a request up to its empty line.
async fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}
