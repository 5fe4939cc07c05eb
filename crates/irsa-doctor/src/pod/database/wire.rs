//! Messages of a login, in bounded memory.

use bytes::{Buf, Bytes, BytesMut};
use irsa_chain::Cause;
use irsa_pgwire::frame::{HEADER, Header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::pod::endpoint::probe::Secured;
use crate::pod::fault::Fault;

/// The most bytes that a server may send in a login: parameters and notices come to a few kilobytes.
const MOST: usize = 1024 * 1024;

/// A verified connection to a server.
#[derive(Debug)]
pub(in crate::pod) struct Wire {
    stream: Secured,
    inbox: BytesMut,
    left: usize,
}

/// A whole message.
pub(in crate::pod) struct Message {
    pub(in crate::pod) tag: u8,
    pub(in crate::pod) body: Bytes,
}

impl Wire {
    pub(in crate::pod) fn new(stream: Secured) -> Self {
        Self {
            stream,
            inbox: BytesMut::new(),
            left: MOST,
        }
    }

    pub(in crate::pod) async fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.stream.write_all(bytes).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)
    }

    pub(in crate::pod) async fn message(&mut self) -> Result<Message, Fault> {
        loop {
            if let Some(header) = Header::parse(&self.inbox).map_err(Fault::unclear)? {
                let length = HEADER + header.body_len;
                if length > self.left {
                    return Err(Fault::unclear("the server says more than any login needs"));
                }
                if self.inbox.len() >= length {
                    self.left -= length;
                    let mut body = self.inbox.split_to(length).freeze();
                    body.advance(HEADER);
                    let tag = header.tag;
                    return Ok(Message { tag, body });
                }
            }
            if self
                .stream
                .read_buf(&mut self.inbox)
                .await
                .map_err(broken)?
                == 0
            {
                return Err(broken("the server closed the connection during the login"));
            }
        }
    }
}

fn broken(error: impl std::fmt::Display) -> Fault {
    Fault::new(Cause::EndpointUnreachable, error)
}
