//! The cache of downloaded programs.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::task;

use crate::{Progress, run_as};

/// The cache for root: the account that servers run under cannot read root's home.
const SYSTEM_CACHE: &str = "/var/cache/irsa";

/// Returns the cache: `$IRSA_CACHE_DIR`, otherwise `/var/cache/irsa` for root, and `$XDG_CACHE_HOME/irsa` or
/// `$HOME/.cache/irsa` for other users.
///
/// `variable` reads an environment variable: [`std::env::var_os`] outside of tests. A relative `XDG_CACHE_HOME` is
/// ignored (XDG Base Directory Specification). Returns `None` if no variable is usable.
pub fn folder(variable: impl Fn(&'static str) -> Option<OsString>) -> Option<PathBuf> {
    let given = variable("IRSA_CACHE_DIR").filter(|folder| !folder.is_empty());
    given.map(PathBuf::from).or_else(|| {
        if run_as::is_root() {
            Some(PathBuf::from(SYSTEM_CACHE))
        } else {
            user_folder(variable)
        }
    })
}

fn user_folder(variable: impl Fn(&'static str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name| {
        let path = variable(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("irsa"))
}

/// Creates `folder` and its missing parents readable for every account, whatever the umask. Existing directories keep
/// their permissions.
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

/// Makes all of `folder` readable for every account: unpacked files have the umask of this process.
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

/// Waits for the lock on `file`, which excludes other threads and processes until the returned file is dropped.
/// `progress` gets a line before a wait, which can take as long as a download.
pub(crate) async fn lock(path: &Path, progress: Progress<'_>) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            progress(&format!(
                "waiting for the process that holds the lock `{}`",
                path.display()
            ));
            blocking(move || file.lock().map(|()| file)).await?
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Prefixes of the names of unfinished files.
const UNFINISHED: [&str; 3] = [".building-", ".initialising-", ".unpacking-"];

/// Removes unfinished files of killed processes in a directory whose lock is held.
pub(crate) fn sweep(shelf: &Path) {
    for entry in fs::read_dir(shelf).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if UNFINISHED.iter().any(|start| name.starts_with(start)) {
            let path = entry.path();
            let removed = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            if let Err(error) = removed {
                tracing::debug!(%error, path = %path.display(), "cannot remove an unfinished file");
            }
        }
    }
}

/// Runs blocking work outside of the async runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    task::spawn_blocking(work).await.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn a_second_caller_waits_for_the_lock_and_reports_it() {
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
    fn only_unfinished_files_of_killed_processes_are_removed() {
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
    fn files_of_a_strict_umask_become_readable_for_all() {
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

    /// The environment with these variables only.
    fn environment(
        variables: &[(&'static str, &'static str)],
    ) -> impl Fn(&'static str) -> Option<OsString> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        move |name| variables.get(name).map(OsString::from)
    }

    #[test]
    fn the_given_directory_is_used_as_it_is() {
        let given = environment(&[("IRSA_CACHE_DIR", "cache"), ("HOME", "/home/me")]);
        assert_eq!(folder(given), Some(PathBuf::from("cache")));
        let empty = environment(&[("IRSA_CACHE_DIR", ""), ("HOME", "/home/me")]);
        assert!(folder(empty).unwrap().ends_with("irsa"));
    }

    #[test]
    fn prefers_the_xdg_variable_to_the_home() {
        let both = environment(&[("XDG_CACHE_HOME", "/x/cache"), ("HOME", "/home/me")]);
        assert_eq!(user_folder(both), Some(PathBuf::from("/x/cache/irsa")));
    }

    #[test]
    fn ignores_a_relative_xdg_variable() {
        let relative = environment(&[("XDG_CACHE_HOME", "cache"), ("HOME", "/home/me")]);
        let expected = PathBuf::from("/home/me/.cache/irsa");
        assert_eq!(user_folder(relative), Some(expected));
    }

    #[test]
    fn has_no_directory_without_a_home() {
        assert_eq!(user_folder(environment(&[])), None);
    }

    #[test]
    fn new_directories_are_readable_for_all() {
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
