//! Messages of any size are relayed in pieces, without using more memory.

use irsa_testing::child::ChildProxy;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{log_in, startup};
use crate::process::proxy_process;
use crate::server::Server;
use crate::wire::{ReadEnd, Wire, WriteEnd, within};

const MEBIBYTE: usize = 1024 * 1024;
/// The size of a large message: 1 GiB, the maximum size of a field in PostgreSQL.
const GIANT: usize = 1024 * MEBIBYTE;
/// The maximum growth of the proxy's memory.
const BOUND: u64 = 8 * MEBIBYTE as u64;

/// Generates and sends a message of `body_len` bytes.
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
struct Direction {
    tag: u8,
    writer: WriteEnd,
    reader: ReadEnd,
}

// === impl Direction ===

impl Direction {
    async fn relay(&mut self, body_len: usize) {
        tokio::join!(
            send_giant(self.tag, body_len, &mut self.writer),
            receive_giant(body_len, &mut self.reader),
        );
    }

    /// Returns the memory in bytes that the proxy needs for a large message beyond that for a small one.
    async fn growth(&mut self, proxy: &ChildProxy) -> u64 {
        self.relay(16 * MEBIBYTE).await;
        let before = proxy.memory().peak;
        self.relay(GIANT).await;
        proxy.memory().peak - before
    }
}

#[tokio::test]
async fn rows_and_copy_data_of_a_gibibyte_need_little_memory() {
    let server = Server::new().run().await;
    let proxy = proxy_process(&server).await;
    let stream = TcpStream::connect(proxy.address()).await.unwrap();
    let client = log_in(Wire::new(stream), &startup()).await.unwrap().wire;
    let (client_reader, client_writer) = client.split();
    let (server_reader, server_writer) = server.session().await.split();
    let mut row = Direction {
        tag: b'D',
        writer: server_writer,
        reader: client_reader,
    };
    let mut copy = Direction {
        tag: b'd',
        writer: client_writer,
        reader: server_reader,
    };
    for direction in [&mut row, &mut copy] {
        let growth = direction.growth(&proxy).await;
        assert!(
            growth < BOUND,
            "{growth} bytes for `{}`",
            char::from(direction.tag)
        );
    }
}
