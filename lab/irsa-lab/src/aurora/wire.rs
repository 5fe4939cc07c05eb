//! A connection with a read-ahead buffer.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::startup::{self, Initial, StartupError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest message before a session: a token with many tags, a challenge (PostgreSQL's `PG_MAX_AUTH_TOKEN_LENGTH`).
pub(super) const MAX_MESSAGE: usize = 65_535;

/// A stream, and the bytes that were read from it but not used yet.
#[derive(Debug)]
pub(super) struct Wire<S> {
    pub(super) stream: S,
    pub(super) inbox: BytesMut,
}

/// A packet without a type byte, as at the start of connections.
#[derive(Debug)]
pub(super) enum Packet {
    /// A complete, valid packet.
    Good(Initial),
    /// A malformed packet.
    Bad(StartupError),
    /// The peer disconnected.
    End,
}

/// A message with its type byte.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) tag: u8,
    pub(super) body: Bytes,
    /// The message as received, including its header.
    pub(super) raw: Bytes,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            inbox: BytesMut::new(),
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads the next packet without a type byte.
    pub(super) async fn packet(&mut self) -> io::Result<Packet> {
        loop {
            match startup::parse(&self.inbox) {
                Ok(Some((initial, consumed))) => {
                    self.inbox.advance(consumed);
                    return Ok(Packet::Good(initial));
                }
                Err(error) => return Ok(Packet::Bad(error)),
                Ok(None) if !self.fill().await? => return Ok(Packet::End),
                Ok(None) => {}
            }
        }
    }

    /// Reads the next message; returns `None` after the peer has disconnected.
    pub(super) async fn message(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(header) = Header::parse(&self.inbox).map_err(invalid)? {
                let header = header.at_most(MAX_MESSAGE).map_err(invalid)?;
                if self.inbox.len() >= HEADER + header.body_len {
                    let raw = self.inbox.split_to(HEADER + header.body_len).freeze();
                    return Ok(Some(Message {
                        tag: header.tag,
                        body: raw.slice(HEADER..),
                        raw,
                    }));
                }
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.stream.read_buf(&mut self.inbox).await? > 0)
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
