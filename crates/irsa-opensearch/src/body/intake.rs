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
use super::{BodyMetrics, BodyStore, Content, Reservation, SpillFile, StoredBody};

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
    #[error("the bodies of all requests together would take more room than they may")]
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
    hash: Sha256,
    length: u64,
    blocks: Blocks,
    full: Vec<Bytes>,
    room: Option<Reservation>,
    file: Option<SpillFile>,
}

// === impl Intake ===

impl Intake<'_> {
    /// Refuses a body that says it is too large, before any of it is read: a client that waits for
    /// `100 Continue` then sends nothing.
    pub(crate) fn check_length(&self, body: &impl Body) -> Result<(), IntakeError> {
        if body.size_hint().lower() > self.max_body {
            return Err(IntakeError::TooLarge(self.max_body));
        }
        Ok(())
    }

    /// Receives a whole body. Trailers are dropped: the body goes on with a stated length.
    pub(crate) async fn receive<B>(self, body: &mut B) -> Result<Arc<StoredBody>, IntakeError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.check_length(body)?;
        let mut receiving = Receiving::new(self);
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
}

// === impl Receiving ===

impl<'a> Receiving<'a> {
    fn new(intake: Intake<'a>) -> Self {
        let room = Reservation::new(&intake.store.memory, &intake.metrics.memory);
        Self {
            intake,
            hash: Sha256::new(),
            length: 0,
            blocks: Blocks::default(),
            full: Vec::new(),
            room: Some(room),
            file: None,
        }
    }

    async fn add(&mut self, piece: Bytes) -> Result<(), IntakeError> {
        let size = piece.len();
        self.length += size as u64;
        if self.length > self.intake.max_body {
            return Err(IntakeError::TooLarge(self.intake.max_body));
        }
        self.hash.update(&piece);
        self.blocks.push(piece, &mut self.full);
        let has_room = self.room.as_mut().is_some_and(|room| room.grow(size));
        if has_room { Ok(()) } else { self.spill().await }
    }

    /// Moves all full blocks to the file, and gives their memory back.
    async fn spill(&mut self) -> Result<(), IntakeError> {
        let BodyStore {
            disk, spill_dir, ..
        } = self.intake.store;
        let file = match &mut self.file {
            Some(file) => file,
            empty => {
                let metrics = self.intake.metrics;
                let room = Reservation::new(disk, &metrics.disk);
                let file = SpillFile::create(spill_dir.as_deref(), room).await?;
                metrics.spilled.inc();
                empty.insert(file)
            }
        };
        if !self.full.is_empty() && !file.append(std::mem::take(&mut self.full)).await? {
            return Err(IntakeError::NoRoom);
        }
        self.room = None;
        Ok(())
    }

    async fn finish(mut self) -> Result<Arc<StoredBody>, IntakeError> {
        self.blocks.flush(&mut self.full);
        if self.file.is_some() {
            self.spill().await?;
        }
        let content = match self.file {
            Some(file) => Content::File(file),
            None => Content::Memory {
                blocks: self.full,
                _room: self.room,
            },
        };
        Ok(Arc::new(StoredBody {
            sha256: self.hash.finalize().into(),
            length: self.length,
            content,
        }))
    }
}
