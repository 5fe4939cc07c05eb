//! Bodies in unlinked files. All operations block, so they run on the blocking thread pool.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};

/// An unlinked file.
#[derive(Debug)]
pub(super) struct SpillFile(Arc<File>);

// === impl SpillFile ===

impl SpillFile {
    /// Creates an empty file in `folder`.
    pub(super) async fn create(folder: Option<&Path>) -> io::Result<Self> {
        let folder = folder.map(Path::to_owned);
        let create = move || match folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        };
        Ok(Self(Arc::new(ended(spawn_blocking(create).await)?)))
    }

    /// Appends the blocks, whose space must have been reserved.
    pub(super) async fn append(&self, blocks: Vec<Bytes>) -> io::Result<()> {
        let file = Arc::clone(&self.0);
        let write = move || {
            let mut file = &*file;
            blocks.iter().try_for_each(|block| file.write_all(block))
        };
        ended(spawn_blocking(write).await)
    }

    /// Reads `length` bytes from `offset`, which must have been written.
    pub(super) fn read(&self, offset: u64, length: usize) -> JoinHandle<io::Result<Bytes>> {
        let file = Arc::clone(&self.0);
        spawn_blocking(move || {
            let mut block = vec![0; length];
            file.read_exact_at(&mut block, offset)?;
            Ok(block.into())
        })
    }
}

/// Returns the result of a blocking task, which is canceled only together with the runtime.
pub(super) fn ended<T>(outcome: Result<io::Result<T>, tokio::task::JoinError>) -> io::Result<T> {
    outcome.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_is_an_error_that_says_so() {
        // Writes to `/dev/full` fail as on a full disk (full(4)).
        let full = File::options().write(true).open("/dev/full").unwrap();
        let file = SpillFile(Arc::new(full));
        let error = file
            .append(vec![Bytes::from_static(b"x")])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
