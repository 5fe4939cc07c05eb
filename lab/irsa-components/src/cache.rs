//! Where fetched programs are kept between runs.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::task;

use crate::{Progress, run_as};

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
            let execute = if mode & 0o100 == 0 { 0 } else { 0o111 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o444 | execute))?;
        }
    }
    Ok(())
}

/// Waits for the lock on `file`, among threads and processes alike; it is given back when the file is dropped.
/// `progress` gets a line before a wait, which may be as long as a download.
pub(crate) async fn lock(path: &Path, progress: Progress<'_>) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            progress(&format!("waiting for whoever has `{}`", path.display()));
            blocking(move || file.lock().map(|()| file)).await?
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// How the names begin of what is not in its place yet.
const UNFINISHED: [&str; 3] = [".building-", ".initialising-", ".unpacking-"];

/// Removes what killed processes left unfinished in a folder whose lock is held.
pub(crate) fn sweep(shelf: &Path) {
    for entry in fs::read_dir(shelf).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if UNFINISHED.iter().any(|start| name.starts_with(start)) {
            let path = entry.path();
            let removed = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            if let Err(error) = removed {
                tracing::debug!(%error, path = %path.display(), "left as it is");
            }
        }
    }
}

/// Work that would hold up the runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    task::spawn_blocking(work).await.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_holds_the_lock_and_the_next_one_says_that_it_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let held = Mutex::new(Some(lock(&path, &|line| panic!("{line}")).await.unwrap()));
        let lines = Mutex::new(Vec::new());
        let note = |line: &str| {
            lines.lock().unwrap().push(line.to_owned());
            held.lock().unwrap().take();
        };
        let second = lock(&path, &note).await.unwrap();
        assert_eq!(lines.lock().unwrap().len(), 1);
        let third = File::options().write(true).open(&path).unwrap();
        assert!(third.try_lock().is_err());
        drop(second);
        assert!(third.try_lock().is_ok());
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_nothing_else() {
        let shelf = tempfile::tempdir().unwrap();
        for folder in [".unpacking-abc/home", ".building-abc", "1.0", ".other"] {
            fs::create_dir_all(shelf.path().join(folder)).unwrap();
        }
        for file in [".unpacking-def", ".lock"] {
            fs::write(shelf.path().join(file), "half").unwrap();
        }
        sweep(shelf.path());
        let entries = fs::read_dir(shelf.path()).unwrap();
        let mut left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".lock", ".other", "1.0"]);
    }

    #[test]
    fn a_program_of_a_narrow_umask_is_opened_to_all() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode, expected) in [("program", 0o700, 0o755), ("data", 0o600, 0o644)] {
            let file = folder.path().join(name);
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            open_tree(folder.path()).unwrap();
            let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{name}");
        }
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
