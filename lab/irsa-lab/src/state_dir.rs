//! The directory of a lab's files: tokens, the CA's certificate, `lab.json`, logs of servers.
//!
//! Its content is trusted: token files are credentials, and shells evaluate the content of `lab.json`. So only its
//! owner may be able to change it, although the default location is shared by all accounts of a machine.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::error::LabError;
use crate::facts::FACTS_FILE;

/// The name of the default directory.
const NAME: &str = "irsa-lab";
/// The lock that a running lab holds.
const LOCK_FILE: &str = "lock";
const ROOT: u32 = 0;
/// Number of attempts to take the lock: a check for a running lab holds it for a moment.
const LOCK_ATTEMPTS: usize = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Returns the default directory: `irsa-lab` in `$XDG_RUNTIME_DIR`, which only its owner can enter, or `irsa-lab-UID`
/// in the directory for temporary files, which all users share.
///
/// The variable is an argument, because only the command line reads the environment; a value that is not an absolute
/// path is ignored (XDG Base Directory Specification).
pub fn default_state_dir(xdg_runtime_dir: Option<&OsStr>) -> PathBuf {
    let runtime = xdg_runtime_dir.map(PathBuf::from);
    let runtime = runtime.filter(|path| path.is_absolute() && path.is_dir());
    match runtime {
        Some(runtime) => runtime.join(NAME),
        None => {
            std::env::temp_dir().join(format!("{NAME}-{}", rustix::process::geteuid().as_raw()))
        }
    }
}

/// Returns whether a lab runs in this directory, however the previous one ended.
pub(crate) fn is_in_use(path: &Path) -> bool {
    let file = File::open(path.join(LOCK_FILE));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The directory; a temporary one is deleted with the lab.
#[derive(Debug)]
pub(crate) enum StateDir {
    /// The caller's directory. It stays, but the lab's description is deleted.
    Given { path: PathBuf, _lock: File },
    /// Removed on drop.
    Temporary { dir: TempDir, _lock: File },
}

impl StateDir {
    /// Creates the directory, or accepts one that no one else can change and that no other lab uses.
    pub(crate) fn new(given: Option<PathBuf>) -> Result<Self, LabError> {
        let Some(path) = given else {
            let private = Permissions::from_mode(0o700);
            let mut builder = tempfile::Builder::new();
            let made = builder.prefix("irsa-lab-").permissions(private).tempdir();
            let dir =
                made.map_err(|error| LabError::file("create", std::env::temp_dir(), error))?;
            let lock =
                lock(dir.path()).map_err(|error| LabError::file("lock", dir.path(), error))?;
            return Ok(Self::Temporary { dir, _lock: lock });
        };
        let created = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        created.map_err(|error| LabError::file("create", &path, error))?;
        check(&path)?;
        let path = path
            .canonicalize()
            .map_err(|error| LabError::file("find", &path, error))?;
        let lock = lock(&path).map_err(|error| LabError::file("use", &path, error))?;
        let dir = Self::Given { path, _lock: lock };
        // A lab that was killed leaves its description behind.
        dir.remove_facts();
        Ok(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Given { path, .. } => path,
            Self::Temporary { dir, .. } => dir.path(),
        }
    }

    fn remove_facts(&self) {
        let file = self.path().join(FACTS_FILE);
        if let Err(error) = fs::remove_file(&file)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %file.display(), "cannot remove the description of a lab that has ended");
        }
    }
}

impl Drop for StateDir {
    fn drop(&mut self) {
        self.remove_facts();
    }
}

/// Rejects a directory that a different user could change.
pub(crate) fn check(path: &Path) -> Result<(), LabError> {
    let me = rustix::process::geteuid().as_raw();
    let problem = metadata(path).map(|found| problem(&found, me));
    match problem {
        Ok(None) => Ok(()),
        Ok(Some(problem)) => Err(LabError::file("trust", path, io::Error::other(problem))),
        Err(error) => Err(LabError::file("find", path, error)),
    }
}

/// Returns the metadata of the link, if it is one, and of the directory.
fn metadata(path: &Path) -> io::Result<[Metadata; 2]> {
    Ok([fs::symlink_metadata(path)?, fs::metadata(path)?])
}

fn problem(found: &[Metadata; 2], me: u32) -> Option<String> {
    let [link, folder] = found;
    if let Some(uid) = stranger([link.uid(), folder.uid()], me) {
        return Some(format!(
            "it belongs to user {uid}, who could change its content: choose a different directory with --state-dir"
        ));
    }
    if !folder.is_dir() {
        return Some("it is not a directory".to_owned());
    }
    (folder.mode() & 0o022 != 0).then(|| {
        "other users can write to it: run `chmod go-w` on it, or choose a new directory \
         with --state-dir"
            .to_owned()
    })
}

/// Returns an owner who is neither this user nor root, who can change everything anyway.
fn stranger(owners: [u32; 2], me: u32) -> Option<u32> {
    owners.into_iter().find(|uid| ![me, ROOT].contains(uid))
}

fn lock(path: &Path) -> io::Result<File> {
    let file = File::create(path.join(LOCK_FILE))?;
    for _ in 0..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other(
        "a lab already runs in it: stop that lab, or choose a different directory with --state-dir",
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn text(error: &LabError) -> String {
        let source = std::error::Error::source(error);
        source.map(ToString::to_string).unwrap_or_default()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_new_directory_is_private_to_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let dir = StateDir::new(Some(path.clone())).unwrap();
        assert_eq!(
            (mode(dir.path()), mode(&parent.path().join("a"))),
            (0o700, 0o700)
        );
        assert_eq!(mode(StateDir::new(None).unwrap().path()), 0o700);
    }

    #[test]
    fn an_existing_directory_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        drop(StateDir::new(Some(folder.path().to_owned())).unwrap());
        assert_eq!(mode(folder.path()), 0o755);
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_rejected_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        for open in [0o777, 0o1777, 0o770] {
            fs::set_permissions(folder.path(), Permissions::from_mode(open)).unwrap();
            let error = StateDir::new(Some(folder.path().to_owned())).unwrap_err();
            assert!(text(&error).contains("other users can write"), "{error}");
            assert_eq!(mode(folder.path()), open & 0o777);
        }
    }

    #[test]
    fn directories_and_links_of_other_users_are_rejected() {
        assert_eq!(stranger([1000, 1000], 1000), None);
        assert_eq!(stranger([ROOT, 1000], 1000), None);
        assert_eq!(stranger([1000, 1001], 1000), Some(1001));
        assert_eq!(stranger([1001, 1000], 1000), Some(1001));
        assert_eq!(stranger([1000, 1000], ROOT), Some(1000));
    }

    #[test]
    fn a_link_of_the_user_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink(folder.path(), &link).unwrap();
        check(&link).unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(text(&check(&file).unwrap_err()).contains("not a directory"));
        check(&folder.path().join("absent")).unwrap_err();
    }

    #[test]
    fn one_lab_at_a_time_uses_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let given = || Some(folder.path().to_owned());
        let first = StateDir::new(given()).unwrap();
        let error = StateDir::new(given()).unwrap_err();
        assert!(text(&error).contains("a lab already runs"), "{error}");
        drop(first);
        drop(StateDir::new(given()).unwrap());
    }

    #[test]
    fn the_description_of_a_lab_is_deleted_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = StateDir::new(Some(folder.path().to_owned())).unwrap();
        let facts = folder.path().join(FACTS_FILE);
        fs::write(&facts, "{}").unwrap();
        drop(dir);
        assert!(!facts.exists());
    }

    #[test]
    fn the_files_of_a_killed_lab_are_deleted_before_the_next_one_starts() {
        let folder = tempfile::tempdir().unwrap();
        let facts = folder.path().join(FACTS_FILE);
        fs::write(&facts, "{}").unwrap();
        let _dir = StateDir::new(Some(folder.path().to_owned())).unwrap();
        assert!(!facts.exists());
    }

    #[test]
    fn a_directory_is_in_use_while_its_lab_runs() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_in_use(folder.path()));
        let dir = StateDir::new(Some(folder.path().to_owned())).unwrap();
        assert!(is_in_use(folder.path()));
        drop(dir);
        assert!(!is_in_use(folder.path()));
        let temporary = StateDir::new(None).unwrap();
        assert!(is_in_use(temporary.path()));
    }

    #[test]
    fn the_default_is_in_the_runtime_directory_if_it_exists() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Some(folder.path().as_os_str());
        assert_eq!(default_state_dir(runtime), folder.path().join(NAME));
        let uid = rustix::process::geteuid().as_raw();
        let shared = std::env::temp_dir().join(format!("{NAME}-{uid}"));
        assert_eq!(default_state_dir(None), shared);
        for nonsense in ["", "run", "/no/such/folder"] {
            assert_eq!(default_state_dir(Some(nonsense.as_ref())), shared);
        }
    }
}
