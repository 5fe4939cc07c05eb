//! Files that are polled for changes. Only polling works for all volumes of Kubernetes: the kubelet replaces the
//! directory of a Secret as a whole, and network file systems send no notifications.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The maximum length that is read. Larger files are compared by their metadata and their beginning.
const MOST_CONTENT: u64 = 4 * 1024 * 1024;

/// Files, with their state at the last check.
#[derive(Debug, Default)]
pub struct WatchedFiles(Vec<Watched>);

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    /// `None` if the file has never existed.
    seen: Option<Fingerprint>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fingerprint {
    inode: u64,
    size: u64,
    /// In seconds and nanoseconds since 1970.
    modified: (i64, i64),
    content: u64,
}

// === impl WatchedFiles ===

impl WatchedFiles {
    /// Takes the state of the files as the first. Call this before the files are read, so that no change is missed.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let watched = paths.into_iter().map(|path| Watched {
            seen: Fingerprint::read(&path, None).ok(),
            path,
        });
        Self(watched.collect())
    }

    /// Returns whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the files whose content has changed since the last check. A missing file counts as unchanged, because it
    /// is probably being replaced.
    pub fn changed(&mut self) -> Vec<PathBuf> {
        let changed = self.0.iter_mut().filter_map(Watched::check);
        changed.map(Path::to_owned).collect()
    }
}

// === impl Watched ===

impl Watched {
    fn check(&mut self) -> Option<&Path> {
        let now = Fingerprint::read(&self.path, self.seen.as_ref()).ok()?;
        let before = self.seen.replace(now.clone());
        let is_changed = before.is_none_or(|before| before.content != now.content);
        is_changed.then_some(self.path.as_path())
    }
}

// === impl Fingerprint ===

impl Fingerprint {
    /// Reads the file, unless its metadata is the same as in `seen`.
    fn read(path: &Path, seen: Option<&Self>) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let mut now = Self {
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            content: 0,
        };
        now.content = match seen {
            Some(seen)
                if *seen
                    == (Self {
                        content: seen.content,
                        ..now.clone()
                    }) =>
            {
                seen.content
            }
            _ => content(path)?,
        };
        Ok(now)
    }
}

fn content(path: &Path) -> io::Result<u64> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MOST_CONTENT)
        .read_to_end(&mut bytes)?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn reports_new_content_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tls.crt");
        fs::write(&path, "one").unwrap();
        let mut watched = WatchedFiles::new([path.clone()]);
        assert!(watched.changed().is_empty());
        fs::write(&path, "two").unwrap();
        assert_eq!(watched.changed(), std::slice::from_ref(&path));
        assert!(watched.changed().is_empty());
        // The same content in a new file.
        let draft = folder.path().join("draft");
        fs::write(&draft, "two").unwrap();
        fs::rename(&draft, &path).unwrap();
        assert!(watched.changed().is_empty());
        fs::remove_file(&path).unwrap();
        assert!(watched.changed().is_empty());
        fs::write(&path, "three").unwrap();
        assert_eq!(watched.changed(), [path]);
    }

    #[test]
    fn detects_a_directory_replaced_by_the_kubelet() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (version, content) in [("v1", "one"), ("v2", "two")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("tls.crt"), content).unwrap();
        }
        symlink("v1", at("..data")).unwrap();
        symlink("..data/tls.crt", at("tls.crt")).unwrap();
        let mut watched = WatchedFiles::new([at("tls.crt")]);
        symlink("v2", at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
        assert_eq!(watched.changed(), [at("tls.crt")]);
    }
}
