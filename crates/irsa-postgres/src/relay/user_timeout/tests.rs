use std::net::TcpStream as StdTcpStream;
use std::os::unix::net::UnixStream as StdUnixStream;

use irsa_net::listen::Stream;
use prometheus_client::metrics::counter::Counter;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::yield_now;

use super::*;
use crate::relay::{Relay, RelayCounters};

/// A running relay between a client and a server of the test.
struct Fixture {
    client: UnixStream,
    server: TcpStream,
    /// The relay's socket to the server.
    socket: StdTcpStream,
}

impl Fixture {
    async fn new() -> Self {
        let (near, far) = StdUnixStream::pair().unwrap();
        let unix = |stream: StdUnixStream| {
            stream.set_nonblocking(true).unwrap();
            UnixStream::from_std(stream).unwrap()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connecting = TcpStream::connect(listener.local_addr().unwrap());
        let (towards, accepted) = tokio::join!(connecting, listener.accept());
        let towards = towards.unwrap().into_std().unwrap();
        let socket = towards.try_clone().unwrap();
        let usual = ConnectOptions::default().user_timeout;
        SockRef::from(&socket).set_tcp_user_timeout(usual).unwrap();
        let counters = RelayCounters {
            to_server: Counter::default(),
            to_client: Counter::default(),
        };
        tokio::spawn(Relay::new(
            Transport::new(Stream::Unix(unix(near))),
            Transport::new(Stream::Tcp(TcpStream::from_std(towards).unwrap())),
            counters,
            std::future::pending(),
            None,
        ));
        Self {
            client: unix(far),
            server: accepted.unwrap().0,
            socket,
        }
    }

    fn has_timeout(&self) -> bool {
        let timeout = SockRef::from(&self.socket).tcp_user_timeout().unwrap();
        assert!(timeout.is_none() || timeout == ConnectOptions::default().user_timeout);
        timeout.is_some()
    }

    /// Sends from the client and receives at the server.
    async fn ask(&mut self, bytes: &[u8]) {
        self.client.write_all(bytes).await.unwrap();
        let mut received = vec![0; bytes.len()];
        self.server.read_exact(&mut received).await.unwrap();
    }

    async fn answer(&mut self, bytes: &[u8]) {
        self.server.write_all(bytes).await.unwrap();
        let mut received = vec![0; bytes.len()];
        self.client.read_exact(&mut received).await.unwrap();
    }

    async fn until_timeout_is(&self, set: bool) {
        while self.has_timeout() != set {
            yield_now().await;
        }
    }
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[tag], length.as_slice(), body].concat()
}

#[tokio::test]
async fn small_queries_keep_the_timeout() {
    let mut fixture = Fixture::new().await;
    for _ in 0..1_000 {
        fixture.ask(&message(b'Q', b"select 1\0")).await;
        fixture.answer(&message(b'Z', b"I")).await;
    }
    assert!(fixture.has_timeout());
}

#[tokio::test]
async fn a_large_statement_lifts_the_timeout_until_it_is_answered() {
    let mut fixture = Fixture::new().await;
    for _ in 0..2 {
        fixture.ask(&message(b'Q', &vec![b' '; 100_000])).await;
        fixture.until_timeout_is(false).await;
        fixture.answer(&message(b'N', b"\0")).await;
        assert!(!fixture.has_timeout(), "a notice is not a response");
        fixture.answer(&message(b'Z', b"I")).await;
        fixture.until_timeout_is(true).await;
    }
}

#[tokio::test]
async fn a_copy_lifts_the_timeout_until_it_is_answered() {
    let mut fixture = Fixture::new().await;
    fixture.ask(&message(b'Q', b"copy t from stdin\0")).await;
    fixture.answer(&message(b'G', b"\0\0\0")).await;
    for _ in 0..100 {
        fixture.ask(&message(b'd', &[b'x'; 1_000])).await;
    }
    fixture.until_timeout_is(false).await;
    fixture.ask(&message(b'c', b"")).await;
    fixture.answer(&message(b'C', b"COPY 100\0")).await;
    assert!(!fixture.has_timeout());
    fixture.answer(&message(b'Z', b"I")).await;
    fixture.until_timeout_is(true).await;
}

#[tokio::test]
async fn a_pipeline_lifts_the_timeout_until_its_last_sync_is_answered() {
    let mut fixture = Fixture::new().await;
    let bind = message(b'B', &[0; 10_000]);
    for _ in 0..10 {
        fixture.ask(&bind).await;
        fixture.ask(&message(b'S', b"")).await;
    }
    fixture.until_timeout_is(false).await;
    for _ in 0..9 {
        fixture.answer(&message(b'Z', b"I")).await;
        assert!(!fixture.has_timeout());
    }
    fixture.answer(&message(b'Z', b"I")).await;
    fixture.until_timeout_is(true).await;
}
