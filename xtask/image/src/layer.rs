//! A layer: a compressed tar archive that is the same for the same files.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use crate::digest::sha256;
use crate::error::Error;

/// A file or folder of a layer. Everything belongs to root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    File { mode: u32, content: Vec<u8> },
    Folder { mode: u32 },
}

/// The files of a layer by path, without a leading slash.
#[derive(Debug, Default)]
pub(crate) struct Layer(BTreeMap<String, Entry>);

/// A packed layer.
#[derive(Debug)]
pub(crate) struct Packed {
    /// The compressed archive.
    pub(crate) blob: Vec<u8>,
    /// Digest of the archive before compression (`diff_id` of the image specification).
    pub(crate) diff_id: String,
}

// === impl Layer ===

impl Layer {
    /// Adds a file, and the folders on the way to it.
    pub(crate) fn file(&mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) {
        let content = content.into();
        self.add(path, Entry::File { mode, content });
    }

    pub(crate) fn folder(&mut self, path: &str, mode: u32) {
        self.add(path, Entry::Folder { mode });
    }

    fn add(&mut self, path: &str, entry: Entry) {
        for (end, _) in path.match_indices('/') {
            let folder = Entry::Folder { mode: 0o755 };
            self.0.entry(path[..end].to_owned()).or_insert(folder);
        }
        self.0.insert(path.to_owned(), entry);
    }

    /// Writes the files below a folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        for (path, entry) in &self.0 {
            let path = folder.join(path);
            let written = match entry {
                Entry::File { content, .. } => fs::write(&path, content),
                Entry::Folder { .. } => fs::create_dir_all(&path),
            };
            let (Entry::File { mode, .. } | Entry::Folder { mode }) = entry;
            let readable = Permissions::from_mode(*mode);
            let done = written.and_then(|()| fs::set_permissions(&path, readable));
            done.map_err(|error| Error::file(&path, error))?;
        }
        Ok(())
    }

    /// Packs the files, in the order of their paths, with one time.
    pub(crate) fn pack(&self, epoch: u64) -> io::Result<Packed> {
        let mut archive = Builder::new(Vec::new());
        for (path, entry) in &self.0 {
            append(&mut archive, path, entry, epoch)?;
        }
        let archive = archive.into_inner()?;
        // Without the name and the time that gzip adds.
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
        gzip.write_all(&archive)?;
        Ok(Packed {
            diff_id: sha256(&archive),
            blob: gzip.finish()?,
        })
    }
}

/// Appends an entry to a tar archive.
pub(crate) fn append(
    archive: &mut Builder<Vec<u8>>,
    path: &str,
    entry: &Entry,
    epoch: u64,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mtime(epoch);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    match entry {
        Entry::File { mode, content } => {
            header.set_entry_type(EntryType::Regular);
            header.set_mode(*mode);
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, path, content.as_slice())
        }
        Entry::Folder { mode } => {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(*mode);
            archive.append_data(&mut header, format!("{path}/"), io::empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn layer() -> Layer {
        let mut layer = Layer::default();
        layer.file("usr/bin/irsa", 0o755, *b"program");
        layer.folder("tmp", 0o1777);
        layer
    }

    #[test]
    fn folders_come_before_their_files() {
        let packed = layer().pack(5).unwrap();
        let mut archive = Vec::new();
        flate2::read::GzDecoder::new(packed.blob.as_slice())
            .read_to_end(&mut archive)
            .unwrap();
        assert_eq!(sha256(&archive), packed.diff_id);
        let mut read = tar::Archive::new(archive.as_slice());
        let entries: Vec<_> = read.entries().unwrap().map(Result::unwrap).collect();
        let seen: Vec<_> = entries
            .iter()
            .map(|entry| {
                let header = entry.header();
                let path = entry.path().unwrap().display().to_string();
                (path, header.mode().unwrap(), header.mtime().unwrap())
            })
            .collect();
        let expected = [
            ("tmp/", 0o1777),
            ("usr/", 0o755),
            ("usr/bin/", 0o755),
            ("usr/bin/irsa", 0o755),
        ];
        assert_eq!(
            seen,
            expected.map(|(path, mode)| (path.to_owned(), mode, 5))
        );
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        assert_eq!(layer().pack(5).unwrap().blob, layer().pack(5).unwrap().blob);
    }
}
