//! Request bodies, which are received and hashed in bounded memory before they are forwarded.
//!
//! A signature covers the hash of the body and is sent before it, so the whole body must be received first. All
//! requests share one budget of memory and unlinked files. A body with a `Content-Length` reserves its full size before
//! its first byte is read, and holds nothing while it waits. A chunked body reserves space as it grows, and never waits
//! once it holds some. Bodies can therefore not deadlock. The received buffers are forwarded without a second copy.
//! Dropping a body releases its space.

mod blocks;
mod budget;
mod outgoing;
mod reader;
mod spill;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use self::budget::{Budget, Place, Reservation};
pub(crate) use self::outgoing::Outgoing;
pub(crate) use self::reader::{BodyError, BodyReader};
use self::spill::SpillFile;

/// The limits of a [`BodyStore`].
#[derive(Debug, Clone)]
pub struct BodyStoreOptions {
    /// Maximum size of all bodies in memory, in bytes. Default 64 MiB.
    pub memory: u64,
    /// Directory for bodies that do not fit into memory. `None`, the default, uses the system's temporary directory.
    /// The files are created with `O_TMPFILE`, so none is left behind.
    pub spill_dir: Option<PathBuf>,
    /// Maximum size of all bodies in files, in bytes. Default 1 GiB.
    pub spill_limit: u64,
    /// Time that a request waits for space before it is rejected. Default 5 s.
    pub wait: Duration,
}

/// The budget for request bodies, shared by all domains of a process.
#[derive(Debug)]
pub struct BodyStore {
    budget: Arc<Budget>,
    spill_dir: Option<PathBuf>,
    wait: Duration,
}

/// Metrics of request bodies.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyMetrics {
    pub(crate) memory: Gauge,
    pub(crate) disk: Gauge,
    pub(crate) spilled: Counter,
    pub(crate) waiting: Gauge,
}

/// A completely received body.
#[derive(Debug)]
pub(crate) struct StoredBody {
    sha256: [u8; 32],
    length: u64,
    content: Content,
}

/// The content of a body, with the space reserved for it.
enum Content {
    Memory {
        blocks: Vec<Bytes>,
        _space: Option<Reservation>,
    },
    File {
        file: SpillFile,
        _space: Option<Reservation>,
    },
}

// === impl BodyStoreOptions ===

impl Default for BodyStoreOptions {
    fn default() -> Self {
        Self {
            memory: 64 * 1024 * 1024,
            spill_dir: None,
            spill_limit: 1024 * 1024 * 1024,
            wait: Duration::from_secs(5),
        }
    }
}

// === impl BodyStore ===

impl BodyStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new(options: BodyStoreOptions) -> Self {
        Self {
            budget: Arc::new(Budget::new(options.memory, options.spill_limit)),
            spill_dir: options.spill_dir,
            wait: options.wait,
        }
    }

    /// Returns the size of all bodies in memory, in bytes.
    pub fn memory_in_use(&self) -> u64 {
        self.budget.used(Place::Memory)
    }

    /// Returns the size of all bodies in files, in bytes.
    pub fn spilled(&self) -> u64 {
        self.budget.used(Place::File)
    }

    /// Returns the maximum size of a single body, in bytes. A body is either in memory or in a file.
    pub fn largest(&self) -> u64 {
        self.budget.largest()
    }
}

// === impl BodyMetrics ===

impl BodyMetrics {
    fn in_use(&self, place: Place) -> &Gauge {
        match place {
            Place::Memory => &self.memory,
            Place::File => &self.disk,
        }
    }
}

// === impl StoredBody ===

impl StoredBody {
    pub(crate) fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Returns the length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

// === impl Content ===

/// Shows where the body is stored, but not its content.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory { .. } => "in memory",
            Self::File { .. } => "in a file",
        })
    }
}
