//! Bodies of requests: received and hashed before they go on, in bounded memory.
//!
//! A signature holds the body's hash and stands before the body, so that the whole of it is waited
//! for. All requests share one budget: memory first, then unlinked files. A body of stated length
//! reserves all of it before its first byte is read, and waits for its turn while holding nothing;
//! one in chunks reserves as it grows and never waits once it holds something. So bodies never wait
//! for each other in a circle. What was received is what is sent: there is no second copy. Dropping
//! a body gives back what it reserved.

mod blocks;
mod budget;
mod intake;
mod outgoing;
mod spill;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use self::budget::{Budget, Place, Reservation};
pub(crate) use self::intake::{Intake, IntakeError};
pub(crate) use self::outgoing::Outgoing;
use self::spill::SpillFile;

/// How much room a [`BodyStore`] has.
#[derive(Debug, Clone)]
pub struct BodyStoreOptions {
    /// Bytes of bodies in memory at once. Default 64 MiB.
    pub memory: u64,
    /// The folder of the files that bodies move to when memory is used up; `None`, the default, for
    /// the system's folder for temporary files. The files have no name (`O_TMPFILE`), so that none
    /// is left behind.
    pub spill_dir: Option<PathBuf>,
    /// Bytes of bodies in files at once. Default 1 GiB.
    pub spill_limit: u64,
    /// How long a request waits for space in memory or files before it is refused. Default 5 s.
    pub wait: Duration,
}

/// The room for bodies of requests that all domains of a process share.
#[derive(Debug)]
pub struct BodyStore {
    budget: Arc<Budget>,
    spill_dir: Option<PathBuf>,
    wait: Duration,
}

/// What is counted of bodies.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyMetrics {
    pub(crate) memory: Gauge,
    pub(crate) disk: Gauge,
    pub(crate) spilled: Counter,
    pub(crate) waiting: Gauge,
}

/// A body that was received whole.
#[derive(Debug)]
pub(crate) struct StoredBody {
    sha256: [u8; 32],
    length: u64,
    content: Content,
}

/// Where a body is, and the room that it takes there.
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
    /// A store with nothing in it.
    #[must_use]
    pub fn new(options: BodyStoreOptions) -> Self {
        Self {
            budget: Arc::new(Budget::new(options.memory, options.spill_limit)),
            spill_dir: options.spill_dir,
            wait: options.wait,
        }
    }

    /// Bytes of bodies in memory now.
    pub fn memory_in_use(&self) -> u64 {
        self.budget.used(Place::Memory)
    }

    /// Bytes of bodies in files now.
    pub fn spilled(&self) -> u64 {
        self.budget.used(Place::File)
    }

    /// The size in bytes of the largest body that the store can ever hold: a body is either in memory
    /// or in a file.
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

    /// In bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

// === impl Content ===

/// Says where the body is, never what it holds.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory { .. } => "in memory",
            Self::File { .. } => "in a file",
        })
    }
}
