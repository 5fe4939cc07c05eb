//! Where fetched programs are kept between runs.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::task;

use crate::run_as;

/// The cache of the whole machine, for root: root's own home is closed to the account that servers run under.
const SYSTEM_CACHE: &str = "/var/cache/irsa";

/// The default cache: `/var/cache/irsa` for root, else `$XDG_CACHE_HOME/irsa` or `$HOME/.cache/irsa`.
///
/// The two variables are arguments, because only the command line reads the environment. A relative
/// `XDG_CACHE_HOME` is ignored (XDG Base Directory Specification). `None` when there is nothing to go by.
pub fn default_folder(xdg_cache_home: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    if run_as::is_root() {
        Some(PathBuf::from(SYSTEM_CACHE))
    } else {
        user_folder(xdg_cache_home, home)
    }
}

fn user_folder(xdg_cache_home: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    let absolute = |path: &OsStr| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    xdg_cache_home
        .and_then(absolute)
        .or_else(|| home.and_then(absolute).map(|home| home.join(".cache")))
        .map(|cache| cache.join("irsa"))
}

/// Creates `folder` and its missing parents so that every account can read them, whatever the umask.
/// Folders that exist keep their permissions.
pub(crate) fn create_public_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_public_folder(parent)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => open_to_all(folder),
    }
}

/// Lets every account list and enter `folder`.
fn open_to_all(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

/// Lets every account read all of `folder`: what is unpacked comes with the umask of this process.
pub(crate) fn open_tree(folder: &Path) -> io::Result<()> {
    open_to_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            open_tree(&path)?;
        } else if kind.is_file() {
            let mode = entry.metadata()?.permissions().mode();
            fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o444))?;
        }
    }
    Ok(())
}

/// Waits for the lock on `file`, among threads and processes alike; it is given back when the file is dropped.
pub(crate) async fn lock(file: PathBuf) -> io::Result<File> {
    let take = move || {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(file)?;
        file.lock()?;
        Ok(file)
    };
    blocking(take).await?
}

/// Work that would hold up the runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    task::spawn_blocking(work).await.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let held = lock(path.clone()).await.unwrap();
        let second = File::options().write(true).open(&path).unwrap();
        assert!(second.try_lock().is_err());
        drop(held);
        assert!(second.try_lock().is_ok());
    }

    #[test]
    fn prefers_the_xdg_variable_to_the_home() {
        let folder = user_folder(Some(OsStr::new("/x/cache")), Some(OsStr::new("/home/me")));
        assert_eq!(folder, Some(PathBuf::from("/x/cache/irsa")));
    }

    #[test]
    fn ignores_a_relative_xdg_variable() {
        let folder = user_folder(Some(OsStr::new("cache")), Some(OsStr::new("/home/me")));
        assert_eq!(folder, Some(PathBuf::from("/home/me/.cache/irsa")));
    }

    #[test]
    fn has_no_folder_without_a_home() {
        assert_eq!(user_folder(None, None), None);
    }

    #[test]
    fn new_folders_are_open_to_all() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        create_public_folder(&folder).unwrap();
        for made in [folder.as_path(), folder.parent().unwrap()] {
            assert_eq!(
                fs::metadata(made).unwrap().permissions().mode() & 0o777,
                0o755
            );
        }
    }
}
