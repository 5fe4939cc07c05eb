//! The account that servers run under.
//!
//! PostgreSQL and OpenSearch refuse to run as root, so a root process starts them as `postgres` where that account
//! exists, else as `nobody`. Anybody else runs them under the own account.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Accounts to run servers under, best first.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];
/// User and group of `nobody` on every system, also where `/etc/passwd` does not list it.
const NOBODY: u32 = 65_534;

/// An unprivileged account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAs {
    name: String,
    uid: u32,
    gid: u32,
}

/// Whether this process is root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user id of this process.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl RunAs {
    /// The account to start servers under; `None` when this process is not root and servers share its account.
    pub fn unprivileged() -> Option<Self> {
        is_root().then(|| Self::pick(&fs::read_to_string("/etc/passwd").unwrap_or_default()))
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

    /// Gives `path` to this account.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// The first folder on the way to `path`, itself included, that this account may not enter.
    ///
    /// Looks at permission bits only: access control lists are not seen.
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
        ACCOUNTS
            .iter()
            .find_map(|name| passwd.lines().find_map(|line| Self::parse(name, line)))
            .unwrap_or_else(|| Self {
                name: "nobody".to_owned(),
                uid: NOBODY,
                gid: NOBODY,
            })
    }

    /// Reads a line of `/etc/passwd` (passwd(5)) if it is the one of `name`. Root by another name is no use.
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

/// A new temporary folder that only the server's account (and root) can enter; removed on drop.
///
/// Its path is short, because a Unix socket's path must fit 107 bytes.
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
    fn prefers_the_account_of_postgres() {
        let passwd =
            format!("{PASSWD}postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/sh\n");
        assert_eq!(
            RunAs::pick(&passwd),
            RunAs {
                name: "postgres".to_owned(),
                uid: 101,
                gid: 104
            }
        );
    }

    #[test]
    fn takes_nobody_from_the_list() {
        assert_eq!(RunAs::pick(PASSWD).uid(), 99);
    }

    #[test]
    fn knows_nobody_without_a_list() {
        assert_eq!(RunAs::pick("").uid(), NOBODY);
    }

    #[test]
    fn never_picks_root_by_another_name() {
        assert_eq!(RunAs::pick("postgres:x:0:0::/:/bin/sh\n").uid(), NOBODY);
    }

    #[test]
    fn names_the_folder_that_is_closed() {
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
    fn the_owner_reaches_a_private_folder() {
        let folder = private_folder(None).unwrap();
        let owner = account(fs::metadata(folder.path()).unwrap().uid());
        assert_eq!(owner.first_closed_folder(folder.path()).unwrap(), None);
    }
}
