//! Rows of any size pass in pieces: the proxy's memory does not grow with them.

use irsa_testing::child::ChildProxy;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{log_in, startup};
use crate::process::proxy_process;
use crate::server::Server;
use crate::wire::{Ear, Mouth, Wire, within};

const MEBIBYTE: usize = 1024 * 1024;
/// The longest message that a header can tell: 1 GiB, as PostgreSQL's longest field.
const GIANT: usize = 1024 * MEBIBYTE;
/// How much the proxy may grow while it passes.
const BOUND: u64 = 8 * MEBIBYTE as u64;

/// Sends one message of `body_len` bytes, made up on the way.
async fn send_giant(tag: u8, body_len: usize, mut to: impl AsyncWrite + Unpin) {
    let length = i32::try_from(body_len + 4).unwrap().to_be_bytes();
    to.write_all(&[&[tag], length.as_slice()].concat())
        .await
        .unwrap();
    let piece = vec![0xa5; MEBIBYTE];
    for _ in 0..body_len / MEBIBYTE {
        to.write_all(&piece).await.unwrap();
    }
    to.flush().await.unwrap();
}

async fn receive_giant(body_len: usize, mut from: impl AsyncRead + Unpin) {
    let mut header = [0; 5];
    from.read_exact(&mut header).await.unwrap();
    let mut left = body_len;
    let mut piece = vec![0; MEBIBYTE];
    while left > 0 {
        let read = within("more of the row", from.read(&mut piece)).await;
        let read = read.unwrap();
        assert!(read > 0, "{left} bytes are missing");
        assert!(piece[..read].iter().all(|&byte| byte == 0xa5));
        left -= read;
    }
}

/// One direction of a session.
struct Way {
    tag: u8,
    mouth: Mouth,
    ear: Ear,
}

// === impl Way ===

impl Way {
    async fn pass(&mut self, body_len: usize) {
        tokio::join!(
            send_giant(self.tag, body_len, &mut self.mouth),
            receive_giant(body_len, &mut self.ear),
        );
    }

    /// How many bytes a giant costs the proxy, beyond what a small message does.
    async fn growth(&mut self, proxy: &ChildProxy) -> u64 {
        self.pass(16 * MEBIBYTE).await;
        let before = proxy.memory().peak;
        self.pass(GIANT).await;
        proxy.memory().peak - before
    }
}

#[tokio::test]
async fn rows_and_copies_of_a_gibibyte_pass_in_bounded_memory() {
    let server = Server::new().run().await;
    let proxy = proxy_process(&server).await;
    let stream = TcpStream::connect(proxy.address()).await.unwrap();
    let client = log_in(Wire::new(stream), &startup()).await.unwrap().wire;
    let (client_ear, client_mouth) = client.split();
    let (server_ear, server_mouth) = server.session().await.split();
    let mut row = Way {
        tag: b'D',
        mouth: server_mouth,
        ear: client_ear,
    };
    let mut copy = Way {
        tag: b'd',
        mouth: client_mouth,
        ear: server_ear,
    };
    for way in [&mut row, &mut copy] {
        let growth = way.growth(&proxy).await;
        assert!(
            growth < BOUND,
            "{growth} bytes for `{}`",
            char::from(way.tag)
        );
    }
}
