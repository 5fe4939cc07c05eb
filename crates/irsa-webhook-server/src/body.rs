//! Request bodies, in bounded memory.
//!
//! Anyone who can connect to the webhook can send a large body slowly. Large bodies therefore share a few permits, and
//! small ones, which nearly all reviews are, need none: large bodies cannot delay them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use irsa_webhook::MAX_BYTES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The size up to which a body needs no permit, in bytes. Most pods have less than 20 kB.
pub(crate) const SMALL: usize = 64 << 10;
/// The number of large bodies in memory at the same time.
const LARGE_BODIES: usize = 2;

/// The limit of large bodies. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct BodyLimit(Arc<Semaphore>);

/// A body, and the permit for a large one.
#[derive(Debug)]
pub(crate) struct ReceivedBody {
    pub(crate) bytes: Bytes,
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// The reason why a body was not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is larger than [`MAX_BYTES`].
    TooLarge,
    /// The connection failed before its end.
    Incomplete,
}

// === impl BodyLimit ===

impl BodyLimit {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_BODIES)))
    }

    /// Receives a body. The caller limits the time.
    pub(crate) async fn receive(&self, mut body: Incoming) -> Result<ReceivedBody, BodyError> {
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if expected > MAX_BYTES {
            return Err(BodyError::TooLarge);
        }
        let mut bytes = BytesMut::with_capacity(expected.min(SMALL));
        let mut permit = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyError::Incomplete)?;
            // Trailers are not data.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > MAX_BYTES {
                return Err(BodyError::TooLarge);
            }
            if permit.is_none() && bytes.len() + data.len() > SMALL {
                permit = Arc::clone(&self.0).acquire_owned().await.ok();
            }
            bytes.extend_from_slice(&data);
        }
        Ok(ReceivedBody {
            bytes: bytes.freeze(),
            permit,
        })
    }
}
