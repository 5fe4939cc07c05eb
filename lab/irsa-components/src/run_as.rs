//! The account that servers run as.
//!
//! PostgreSQL and OpenSearch refuse to run as root, so a root process starts them under a separate user ID that owns
//! nothing else on the machine: never as the machine's `postgres` or `nobody`, which own other processes and files. Any
//! other process runs them as its own user.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// User IDs for servers; the first one that `/etc/passwd` does not list is used. They are below the range that a
/// container's user namespace maps (65536), above the range that distributions and systemd allocate (up to 65519), and
/// not 65532 (`nonroot` in images).
const IDS: std::ops::RangeInclusive<u32> = 65_520..=65_531;
/// User and group ID of `nobody` on every system, even if `/etc/passwd` does not list it.
const NOBODY_ID: u32 = 65_534;

/// An unprivileged account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAs {
    name: String,
    uid: u32,
    gid: u32,
}

/// Returns whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user ID of this process.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl RunAs {
    /// Returns the account for servers; `None` if this process is not root and servers run as its user.
    pub fn unprivileged() -> Option<Self> {
        is_root().then(|| Self::pick(&passwd()))
    }

    /// Returns the account for programs that must be listed in `/etc/passwd`, as `initdb` must, and that end before a
    /// server starts: `nobody`. Their files must be given to the servers' account with [`RunAs::own_tree`].
    pub(crate) fn listed() -> Self {
        let passwd = passwd();
        let listed = passwd.lines().find_map(|line| Self::parse("nobody", line));
        listed.unwrap_or_else(|| Self::numbered("nobody", NOBODY_ID))
    }

    /// The account's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The user id.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The group id.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Changes the owner of `path` to this account.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Changes the owner of `folder` and its content to this account, without following links.
    pub(crate) fn own_tree(&self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.own_tree(&entry.path())?;
            } else {
                lchown(entry.path(), Some(self.uid), Some(self.gid))?;
            }
        }
        self.own(folder)
    }

    /// Returns the first directory of `path`, including itself, that this account cannot enter.
    ///
    /// Evaluates only permission bits, not access control lists.
    pub fn first_closed_folder(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let path = fs::canonicalize(path)?;
        let mut from_root: Vec<&Path> = path.ancestors().collect();
        from_root.reverse();
        for folder in from_root {
            let metadata = fs::metadata(folder)?;
            if metadata.is_dir() && !self.may_enter(&metadata) {
                return Ok(Some(folder.to_owned()));
            }
        }
        Ok(None)
    }

    fn may_enter(&self, metadata: &fs::Metadata) -> bool {
        let execute = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        metadata.permissions().mode() & execute != 0
    }

    fn pick(passwd: &str) -> Self {
        let is_listed = |uid: &u32| {
            let mut ids = passwd.lines().filter_map(|line| line.split(':').nth(2));
            ids.any(|id| id == uid.to_string())
        };
        let uid = IDS.rev().find(|uid| !is_listed(uid)).unwrap_or(NOBODY_ID);
        Self::numbered(&uid.to_string(), uid)
    }

    fn numbered(name: &str, uid: u32) -> Self {
        Self {
            name: name.to_owned(),
            uid,
            gid: uid,
        }
    }

    /// Parses the line of `name` in `/etc/passwd` (passwd(5)); rejects a name with user ID 0.
    fn parse(name: &str, line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let found = fields.next().filter(|found| *found == name)?;
        let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self {
            name: found.to_owned(),
            uid,
            gid,
        })
    }
}

fn passwd() -> String {
    fs::read_to_string("/etc/passwd").unwrap_or_default()
}

/// Creates a temporary directory that only the server's account and root can enter; it is removed on drop.
///
/// Its path is short, because a Unix socket's path must fit into 107 bytes.
pub fn private_folder(owner: Option<&RunAs>) -> io::Result<TempDir> {
    let private = fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new()
        .prefix("irsa-")
        .permissions(private)
        .tempdir()?;
    if let Some(owner) = owner {
        owner.own(folder.path())?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:99:98::/:/bin/false\n";

    fn account(uid: u32) -> RunAs {
        RunAs {
            name: "someone".to_owned(),
            uid,
            gid: uid,
        }
    }

    #[test]
    fn is_never_a_listed_account() {
        let highest = *IDS.end();
        let passwd = format!("{PASSWD}postgres:x:101:104::/:/bin/sh\nx:x:{highest}:1::/:/bin/sh\n");
        let picked = RunAs::pick(&passwd);
        assert_eq!((picked.uid(), picked.gid()), (highest - 1, highest - 1));
        assert_eq!(RunAs::pick(PASSWD).uid(), highest);
    }

    #[test]
    fn parses_a_line_but_never_user_id_0() {
        let line = "nobody:x:99:98::/:/bin/false"; // lint: quoted
        assert_eq!(RunAs::parse("nobody", line).unwrap().gid(), 98);
        assert_eq!(RunAs::parse("nobody", "nobody:x:0:0::/:/bin/sh"), None); // lint: quoted
    }

    #[test]
    fn the_owner_of_a_whole_tree_changes() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("file"), "").unwrap();
        let own = fs::metadata(folder.path()).unwrap();
        let expected = if is_root() { NOBODY_ID } else { own.uid() };
        let receiver = RunAs {
            gid: if is_root() { NOBODY_ID } else { own.gid() },
            ..RunAs::numbered("receiver", expected)
        };
        receiver.own_tree(folder.path()).unwrap();
        for path in [folder.path(), &inner, &inner.join("file")] {
            assert_eq!(fs::metadata(path).unwrap().uid(), expected);
        }
    }

    #[test]
    fn names_the_directory_that_cannot_be_entered() {
        let closed = private_folder(None).unwrap();
        let inner = closed.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let stranger = account(fs::metadata(closed.path()).unwrap().uid() + 1);
        let expected = fs::canonicalize(closed.path()).unwrap();
        assert_eq!(
            stranger.first_closed_folder(&inner).unwrap(),
            Some(expected)
        );
    }

    #[test]
    fn the_owner_can_enter_a_private_directory() {
        let folder = private_folder(None).unwrap();
        let owner = account(fs::metadata(folder.path()).unwrap().uid());
        assert_eq!(owner.first_closed_folder(folder.path()).unwrap(), None);
    }
}
