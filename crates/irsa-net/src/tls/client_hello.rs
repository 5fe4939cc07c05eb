//! A limit on the size of ClientHello messages.

use std::io;
use std::task::Context;

use crate::observed::{Observed, Observer};

/// The largest ClientHello that a listener accepts, in bytes on the wire.
///
/// rustls buffers up to 64 KiB of an incomplete message. Clients send about 2 KiB, even with post-quantum key shares
/// and all known extensions.
pub const MAX_CLIENT_HELLO: usize = 16 * 1024;

/// A stream that fails if the peer sends more than [`MAX_CLIENT_HELLO`] bytes before the first write. A TLS server
/// writes as soon as it has read the ClientHello.
pub type ClientHelloLimit<S> = Observed<S, ClientHelloBudget>;

/// The number of bytes that may still be read; `None` after the first write.
#[derive(Debug)]
pub struct ClientHelloBudget(Option<usize>);

/// Limits the ClientHello on a stream from which no bytes have been read yet.
pub fn limit_client_hello<S>(stream: S) -> ClientHelloLimit<S> {
    Observed::new(stream, ClientHelloBudget(Some(MAX_CLIENT_HELLO)))
}

impl Observer for ClientHelloBudget {
    fn read(&mut self, bytes: usize) -> io::Result<()> {
        let Some(left) = self.0 else { return Ok(()) };
        let left = left.checked_sub(bytes).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the ClientHello is larger than {MAX_CLIENT_HELLO} bytes"),
            )
        })?;
        self.0 = Some(left);
        Ok(())
    }

    fn wrote(&mut self, _: &Context<'_>, _: bool) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn limits_the_bytes_before_the_first_write() {
        let (mut client, server) = duplex(4 * MAX_CLIENT_HELLO);
        let mut server = limit_client_hello(server);
        client.write_all(&[0x16; MAX_CLIENT_HELLO]).await.unwrap();
        server.read_exact(&mut [0; MAX_CLIENT_HELLO]).await.unwrap();
        client.write_all(&[0x16]).await.unwrap();
        let refused = server.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        assert!(refused.to_string().contains("16384 bytes"), "{refused}");
    }

    #[tokio::test]
    async fn has_no_limit_after_the_first_write() {
        let (mut client, server) = duplex(4 * MAX_CLIENT_HELLO);
        let mut server = limit_client_hello(server);
        server.write_all(b"hello").await.unwrap();
        client
            .write_all(&vec![1; 2 * MAX_CLIENT_HELLO])
            .await
            .unwrap();
        let mut read = vec![0; 2 * MAX_CLIENT_HELLO];
        server.read_exact(&mut read).await.unwrap();
    }
}
