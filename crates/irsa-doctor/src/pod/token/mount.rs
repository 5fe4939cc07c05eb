//! The mount of a file: a volume that is mounted over /var/run hides the projected one.

use std::path::{Path, PathBuf};

/// The mounts of this process (proc(5), `/proc/PID/mountinfo`).
const MOUNTS: &str = "/proc/self/mountinfo";

/// A mount point and the type of its file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pod) struct Mount {
    pub(in crate::pod) point: PathBuf,
    pub(in crate::pod) kind: String,
}

/// The mount of `path`, if it can be determined.
pub(super) fn covering(path: &Path) -> Option<Mount> {
    let mounts = std::fs::read_to_string(MOUNTS).unwrap_or_default();
    deepest(&mounts, path)
}

/// The deepest mount point above `path`.
fn deepest(mounts: &str, path: &Path) -> Option<Mount> {
    let mounts = mounts.lines().filter_map(parse);
    let covering = mounts.filter(|mount| path.starts_with(&mount.point));
    // Of several mounts at the same mount point, the last one hides the others.
    covering.max_by_key(|mount| mount.point.components().count())
}

/// Reads the fifth field, and the first one after the dash.
fn parse(line: &str) -> Option<Mount> {
    let (mount, file_system) = line.split_once(" - ")?;
    let point = mount.split(' ').nth(4)?.replace("\\040", " ");
    let kind = file_system.split(' ').next()?;
    Some(Mount {
        point: PathBuf::from(point),
        kind: kind.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: &str = "\
22 1 0:20 / / rw - overlay overlay rw
30 22 0:40 / /var/run/secrets/eks.amazonaws.com/serviceaccount ro - tmpfs tmpfs rw
31 22 0:41 / /var/run rw shared:1 - ext4 /dev/sda rw
broken line";

    fn mount(point: &Path, kind: &str) -> Mount {
        Mount {
            point: point.to_owned(),
            kind: kind.to_owned(),
        }
    }

    #[test]
    fn finds_the_deepest_mount() {
        let file = Path::new("/var/run/secrets/eks.amazonaws.com/serviceaccount/token");
        let projected = mount(file.parent().unwrap(), "tmpfs");
        assert_eq!(deepest(PODS, file), Some(projected));
        let covering = mount(Path::new("/var/run"), "ext4");
        assert_eq!(deepest(PODS, Path::new("/var/run/x")), Some(covering));
        assert_eq!(deepest("", file), None);
    }
}
