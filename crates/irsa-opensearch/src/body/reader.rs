//! Receives request bodies.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::blocks::Blocks;
use super::{BodyMetrics, BodyStore, Content, Place, Reservation, SpillFile, StoredBody};

/// The space that a chunked body reserves before its first byte is read: about one buffer of the connection.
const FIRST: u64 = 16 * 1024;

/// Reads request bodies into the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyReader<'a> {
    pub(crate) store: &'a BodyStore,
    pub(crate) metrics: &'a BodyMetrics,
    /// Maximum size of a body, in bytes.
    pub(crate) max_body: u64,
    /// Maximum time between two pieces of a body.
    pub(crate) idle: Duration,
}

/// The reason why a body could not be received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the request body is larger than {0} bytes")]
    TooLarge(u64),
    #[error("request body buffers are full (`--body-memory`, `--spill-limit`)")]
    BuffersFull,
    #[error("the client sent no data of the request body for {0:?}")]
    Slow(Duration),
    #[error("the request body is incomplete: {0}")]
    Broken(Box<dyn Error + Send + Sync>),
    #[error("cannot write the request body to a temporary file: {0}")]
    Disk(#[from] io::Error),
}

// === impl BodyError ===

impl BodyError {
    /// Returns whether the client would send the body, but irsa rejects it.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(self, Self::Slow(_) | Self::Broken(_))
    }

    /// Returns a copy. The source errors cannot be cloned.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::TooLarge(limit) => Self::TooLarge(*limit),
            Self::BuffersFull => Self::BuffersFull,
            Self::Slow(after) => Self::Slow(*after),
            Self::Broken(error) => Self::Broken(error.to_string().into()),
            Self::Disk(error) => Self::Disk(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

/// A body that is being received.
struct Receiving<'a> {
    reader: BodyReader<'a>,
    max_body: u64,
    hash: Sha256,
    length: u64,
    blocks: Blocks,
    full: Vec<Bytes>,
    space: Option<Reservation>,
    file: Option<SpillFile>,
}

// === impl BodyReader ===

impl BodyReader<'_> {
    /// Rejects a body whose `Content-Length` is too large, before any of it is read. A client that waits for `100
    /// Continue` then sends nothing.
    pub(crate) fn check_length(&self, body: &impl Body) -> Result<(), BodyError> {
        at_most(self.max_body, body)
    }

    /// Receives a whole body. Trailers are dropped, because the body is forwarded with a `Content-Length`.
    ///
    /// Space is reserved before anything is read and before `100 Continue` is sent.
    pub(crate) async fn receive<B>(self, body: &mut B) -> Result<Arc<StoredBody>, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        at_most(self.max_stored(), body)?;
        let mut receiving = Receiving::begin(self, body.size_hint().exact()).await?;
        while let Some(frame) = timeout(self.idle, body.frame())
            .await
            .map_err(|_| BodyError::Slow(self.idle))?
        {
            let frame = frame.map_err(|error| BodyError::Broken(error.into()))?;
            if let Ok(piece) = frame.into_data() {
                receiving.add(piece).await?;
            }
        }
        receiving.finish().await
    }

    /// Returns the maximum size that can be stored. Waiting does not help a larger body.
    fn max_stored(&self) -> u64 {
        self.max_body.min(self.store.largest())
    }

    /// Reserves space for a body of this length, or for the beginning of a chunked one. Returns `None` if the body is
    /// empty.
    async fn reserve(&self, stated: Option<u64>) -> Result<Option<Reservation>, BodyError> {
        let budget = &self.store.budget;
        let bytes = stated.unwrap_or_else(|| FIRST.min(budget.largest()));
        if bytes == 0 {
            return Ok(None);
        }
        let space = budget.reserve(bytes, self.store.wait, self.metrics);
        space.await.map(Some).ok_or(BodyError::BuffersFull)
    }
}

// === impl Receiving ===

impl<'a> Receiving<'a> {
    /// Waits for space.
    async fn begin(reader: BodyReader<'a>, stated: Option<u64>) -> Result<Self, BodyError> {
        let mut receiving = Self {
            max_body: reader.max_stored(),
            hash: Sha256::new(),
            length: 0,
            blocks: Blocks::default(),
            full: Vec::new(),
            space: reader.reserve(stated).await?,
            file: None,
            reader,
        };
        if receiving.is_in_file() {
            receiving.open_file().await?;
        }
        Ok(receiving)
    }

    async fn add(&mut self, piece: Bytes) -> Result<(), BodyError> {
        self.length += piece.len() as u64;
        if self.length > self.max_body {
            return Err(BodyError::TooLarge(self.max_body));
        }
        self.hash.update(&piece);
        self.blocks.push(piece, &mut self.full);
        if !self.has_space() {
            self.move_to_file().await?;
        }
        Ok(self.write().await?)
    }

    /// Returns whether the received bytes fit into the reserved space, after growing it if necessary.
    fn has_space(&mut self) -> bool {
        let Some(space) = &mut self.space else {
            return false;
        };
        let missing = self.length.saturating_sub(space.bytes());
        missing == 0 || space.grow(missing)
    }

    /// Moves the body from memory to a file. Its memory is released after it has been written.
    async fn move_to_file(&mut self) -> Result<(), BodyError> {
        let BodyReader { store, metrics, .. } = self.reader;
        let space = match self.file {
            None => store.budget.reserve_in_file(self.length, metrics),
            Some(_) => None,
        };
        let space = space.ok_or(BodyError::BuffersFull)?;
        self.open_file().await?;
        self.write().await?;
        self.space = Some(space);
        Ok(())
    }

    async fn open_file(&mut self) -> io::Result<()> {
        let folder = self.reader.store.spill_dir.as_deref();
        self.file = Some(SpillFile::create(folder).await?);
        self.reader.metrics.spilled.inc();
        Ok(())
    }

    /// Writes the full blocks, if the body is in a file.
    async fn write(&mut self) -> io::Result<()> {
        match &self.file {
            Some(file) if !self.full.is_empty() => {
                file.append(std::mem::take(&mut self.full)).await
            }
            _ => Ok(()),
        }
    }

    fn is_in_file(&self) -> bool {
        let place = self.space.as_ref().map(Reservation::place);
        place == Some(Place::File)
    }

    async fn finish(mut self) -> Result<Arc<StoredBody>, BodyError> {
        self.blocks.flush(&mut self.full);
        self.write().await?;
        if let Some(space) = &mut self.space {
            space.shrink(self.length);
        }
        let content = match self.file {
            Some(file) => Content::File {
                file,
                _space: self.space,
            },
            None => Content::Memory {
                blocks: self.full,
                _space: self.space,
            },
        };
        Ok(Arc::new(StoredBody {
            sha256: self.hash.finalize().into(),
            length: self.length,
            content,
        }))
    }
}

fn at_most(limit: u64, body: &impl Body) -> Result<(), BodyError> {
    if body.size_hint().lower() > limit {
        return Err(BodyError::TooLarge(limit));
    }
    Ok(())
}
