//! Bodies in files that have no name. All of it blocks, and so runs off the runtime's thread.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};

use super::Reservation;

/// A file, and the room that was taken for it.
#[derive(Debug)]
pub(super) struct SpillFile {
    file: Arc<File>,
    room: Reservation,
}

// === impl SpillFile ===

impl SpillFile {
    /// An empty file in `folder`.
    pub(super) async fn create(folder: Option<&Path>, room: Reservation) -> io::Result<Self> {
        let folder = folder.map(Path::to_owned);
        let create = move || match folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        };
        let file = Arc::new(ended(spawn_blocking(create).await)?);
        Ok(Self { file, room })
    }

    /// Appends; `false` where that would be more than all files may hold.
    pub(super) async fn append(&mut self, blocks: Vec<Bytes>) -> io::Result<bool> {
        if !self.room.grow(blocks.iter().map(Bytes::len).sum()) {
            return Ok(false);
        }
        let file = Arc::clone(&self.file);
        let write = move || {
            let mut file = &*file;
            blocks.iter().try_for_each(|block| file.write_all(block))
        };
        ended(spawn_blocking(write).await)?;
        Ok(true)
    }

    /// Reads `length` bytes from `offset` on, which are there.
    pub(super) fn read(&self, offset: u64, length: usize) -> JoinHandle<io::Result<Bytes>> {
        let file = Arc::clone(&self.file);
        spawn_blocking(move || {
            let mut block = vec![0; length];
            file.read_exact_at(&mut block, offset)?;
            Ok(block.into())
        })
    }
}

/// The outcome of a blocking task. Such a task ends early only with the runtime.
pub(super) fn ended<T>(outcome: Result<io::Result<T>, tokio::task::JoinError>) -> io::Result<T> {
    outcome.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::gauge::Gauge;

    use super::super::Budget;
    use super::*;

    #[tokio::test]
    async fn a_full_disk_is_an_error_that_says_so() {
        // Writing to it fails as on a full disk (full(4)).
        let full = File::options().write(true).open("/dev/full").unwrap();
        let budget = Arc::new(Budget::new(100));
        let mut file = SpillFile {
            file: Arc::new(full),
            room: Reservation::new(&budget, &Gauge::default()),
        };
        let error = file
            .append(vec![Bytes::from_static(b"x")])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        drop(file);
        assert_eq!(budget.used(), 0);
    }
}
