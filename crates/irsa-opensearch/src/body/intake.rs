//! Receiving a body.

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

/// What a body in chunks reserves before its first byte is read: about a buffer of the connection.
const FIRST: u64 = 16 * 1024;

/// What bodies are received by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Intake<'a> {
    pub(crate) store: &'a BodyStore,
    pub(crate) metrics: &'a BodyMetrics,
    /// The largest body, in bytes.
    pub(crate) max_body: u64,
    /// How long the next piece may take.
    pub(crate) idle: Duration,
}

/// Why a body is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntakeError {
    #[error("the request's body has more than {0} bytes")]
    TooLarge(u64),
    #[error("request body buffers are full (`--body-memory`, `--spill-limit`)")]
    NoRoom,
    #[error("no more of the request's body came within {0:?}")]
    Slow(Duration),
    #[error("the request's body broke off: {0}")]
    Broken(Box<dyn Error + Send + Sync>),
    #[error("the request's body can't be kept in a temporary file: {0}")]
    Disk(#[from] io::Error),
}

// === impl IntakeError ===

impl IntakeError {
    /// Whether the body would come, but is not wanted.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(self, Self::Slow(_) | Self::Broken(_))
    }

    /// The same once more: what it is made of can't be cloned.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::TooLarge(limit) => Self::TooLarge(*limit),
            Self::NoRoom => Self::NoRoom,
            Self::Slow(after) => Self::Slow(*after),
            Self::Broken(error) => Self::Broken(error.to_string().into()),
            Self::Disk(error) => Self::Disk(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

/// A body on its way in.
struct Receiving<'a> {
    intake: Intake<'a>,
    max_body: u64,
    hash: Sha256,
    length: u64,
    blocks: Blocks,
    full: Vec<Bytes>,
    space: Option<Reservation>,
    file: Option<SpillFile>,
}

// === impl Intake ===

impl Intake<'_> {
    /// Refuses a body that says it is too large, before any of it is read: a client that waits for
    /// `100 Continue` then sends nothing.
    pub(crate) fn check_length(&self, body: &impl Body) -> Result<(), IntakeError> {
        at_most(self.max_body, body)
    }

    /// Receives a whole body. Trailers are dropped: the body goes on with a stated length.
    ///
    /// Nothing of it is read, and `100 Continue` is not sent, before space for it is reserved.
    pub(crate) async fn receive<B>(self, body: &mut B) -> Result<Arc<StoredBody>, IntakeError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        at_most(self.max_stored(), body)?;
        let mut receiving = Receiving::begin(self, body.size_hint().exact()).await?;
        while let Some(frame) = timeout(self.idle, body.frame())
            .await
            .map_err(|_| IntakeError::Slow(self.idle))?
        {
            let frame = frame.map_err(|error| IntakeError::Broken(error.into()))?;
            if let Ok(piece) = frame.into_data() {
                receiving.add(piece).await?;
            }
        }
        receiving.finish().await
    }

    /// No body can be stored that is larger than memory and files: waiting would not help.
    fn max_stored(&self) -> u64 {
        self.max_body.min(self.store.largest())
    }

    /// Space for a body of this length, or for the beginning of one whose length is not stated;
    /// `None` where it is empty.
    async fn reserve(&self, stated: Option<u64>) -> Result<Option<Reservation>, IntakeError> {
        let budget = &self.store.budget;
        let bytes = stated.unwrap_or_else(|| FIRST.min(budget.largest()));
        if bytes == 0 {
            return Ok(None);
        }
        let space = budget.reserve(bytes, self.store.wait, self.metrics);
        space.await.map(Some).ok_or(IntakeError::NoRoom)
    }
}

// === impl Receiving ===

impl<'a> Receiving<'a> {
    /// Waits for its space.
    async fn begin(intake: Intake<'a>, stated: Option<u64>) -> Result<Self, IntakeError> {
        let mut receiving = Self {
            max_body: intake.max_stored(),
            hash: Sha256::new(),
            length: 0,
            blocks: Blocks::default(),
            full: Vec::new(),
            space: intake.reserve(stated).await?,
            file: None,
            intake,
        };
        if receiving.is_in_file() {
            receiving.open_file().await?;
        }
        Ok(receiving)
    }

    async fn add(&mut self, piece: Bytes) -> Result<(), IntakeError> {
        self.length += piece.len() as u64;
        if self.length > self.max_body {
            return Err(IntakeError::TooLarge(self.max_body));
        }
        self.hash.update(&piece);
        self.blocks.push(piece, &mut self.full);
        if !self.has_space() {
            self.move_to_file().await?;
        }
        Ok(self.write().await?)
    }

    /// Whether what came so far has space where it is; reserves what is missing.
    fn has_space(&mut self) -> bool {
        let Some(space) = &mut self.space else {
            return false;
        };
        let missing = self.length.saturating_sub(space.bytes());
        missing == 0 || space.grow(missing)
    }

    /// From memory to a file. Its memory is given back once it is written.
    async fn move_to_file(&mut self) -> Result<(), IntakeError> {
        let Intake { store, metrics, .. } = self.intake;
        let space = match self.file {
            None => store.budget.reserve_in_file(self.length, metrics),
            Some(_) => None,
        };
        let space = space.ok_or(IntakeError::NoRoom)?;
        self.open_file().await?;
        self.write().await?;
        self.space = Some(space);
        Ok(())
    }

    async fn open_file(&mut self) -> io::Result<()> {
        let folder = self.intake.store.spill_dir.as_deref();
        self.file = Some(SpillFile::create(folder).await?);
        self.intake.metrics.spilled.inc();
        Ok(())
    }

    /// Writes the full blocks, where this body is in a file.
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

    async fn finish(mut self) -> Result<Arc<StoredBody>, IntakeError> {
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

fn at_most(limit: u64, body: &impl Body) -> Result<(), IntakeError> {
    if body.size_hint().lower() > limit {
        return Err(IntakeError::TooLarge(limit));
    }
    Ok(())
}
