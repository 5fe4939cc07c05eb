//! Connections to data stores through an HTTP proxy.

use std::io::{BufRead, BufReader, Write, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::spawn;

use crate::pod::{Pod, USER};
use crate::sql::{Session, check_refused};
use crate::stage::shared;

/// An HTTP proxy that opens any connection (`CONNECT`) and reports its destination.
struct HttpProxy {
    address: SocketAddr,
    destinations: Receiver<String>,
}

// === impl HttpProxy ===

impl HttpProxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (report, destinations) = channel();
        spawn(move || {
            for client in listener.incoming() {
                let (client, report) = (client.unwrap(), report.clone());
                spawn(move || relay(&client, &report));
            }
        });
        Self {
            address,
            destinations,
        }
    }

    fn parameter(&self) -> String {
        format!("&http-proxy=http://{}", self.address)
    }
}

fn relay(client: &TcpStream, report: &Sender<String>) {
    let mut head = BufReader::new(client.try_clone().unwrap());
    let mut first = String::new();
    head.read_line(&mut first).unwrap();
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        head.read_line(&mut line).unwrap();
    }
    let words: Vec<_> = first.split_whitespace().collect();
    let ["CONNECT", destination, "HTTP/1.1"] = words[..] else {
        panic!("{first}");
    };
    let server = TcpStream::connect(destination).unwrap();
    report.send(destination.to_owned()).unwrap();
    let mut answer = client;
    answer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (to_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    spawn(move || pass(head, to_server));
    pass(server, to_client);
}

/// Copies until one side ends, however it ends.
fn pass(mut from: impl std::io::Read, mut to: TcpStream) {
    let _ended = copy(&mut from, &mut to);
    let _already_closed = to.shutdown(Shutdown::Write);
}

#[test]
fn a_database_is_reached_through_an_http_proxy() {
    let stage = shared();
    let http_proxy = HttpProxy::start();
    let upstream = stage.upstream() + &http_proxy.parameter();
    let proxy = Pod::new(&stage).with("IRSA_UPSTREAMS", upstream).proxy(&[]);
    let address = proxy.address("listening");

    let session = Session::open(&stage, &address, USER, USER).unwrap();

    assert_eq!(session.query("SELECT current_user").unwrap(), USER);
    let dialed = &stage.lab().facts().clusters[0].dial;
    assert_eq!(&http_proxy.destinations.recv().unwrap(), dialed);
}

#[test]
fn a_session_through_an_http_proxy_can_be_cancelled() {
    let stage = shared();
    let http_proxy = HttpProxy::start();
    let upstream = stage.upstream() + &http_proxy.parameter();
    let proxy = Pod::new(&stage).with("IRSA_UPSTREAMS", upstream).proxy(&[]);
    let session = Session::open(&stage, &proxy.address("listening"), USER, USER).unwrap();
    let token = session.cancel_token();

    let query = session.begin("SELECT pg_sleep(600)");
    let error = stage
        .block_on(async {
            let mut query = std::pin::pin!(query);
            // The request has no effect before the query has begun.
            loop {
                token.cancel_query(tokio_postgres::NoTls).await.unwrap();
                let limit = std::time::Duration::from_millis(200);
                if let Ok(ended) = tokio::time::timeout(limit, &mut query).await {
                    return ended.unwrap();
                }
            }
        })
        .unwrap_err();

    assert_eq!(error.code().unwrap().code(), "57014");
}

#[test]
fn a_login_fails_with_the_name_of_the_http_proxy_that_does_not_run() {
    let stage = shared();
    let upstream = stage.upstream() + "&http-proxy=http://127.0.0.1:1";
    let proxy = Pod::new(&stage).with("IRSA_UPSTREAMS", upstream).proxy(&[]);
    let opened = Session::open(&stage, &proxy.address("listening"), USER, USER);
    let refused = check_refused(opened, "57P03", "endpoint");
    let message = refused.message();
    assert!(
        message.contains("the HTTP proxy `127.0.0.1:1`"),
        "{message}"
    );
    assert!(message.contains("cause: http-proxy-failed"), "{message}");
}
