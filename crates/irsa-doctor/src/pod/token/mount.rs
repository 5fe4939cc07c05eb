//! On which mount a file is: another volume over /var/run hides the projected one.

use std::path::{Path, PathBuf};

/// The mounts of this process (proc(5), `/proc/PID/mountinfo`).
const MOUNTS: &str = "/proc/self/mountinfo";

/// `, on the tmpfs mounted at …`, where that can be told.
pub(super) fn of(path: &Path) -> String {
    let mounts = std::fs::read_to_string(MOUNTS).unwrap_or_default();
    match covering(&mounts, path) {
        Some((point, kind)) => format!(", on the {kind} mounted at `{}`", point.display()),
        None => String::new(),
    }
}

/// The same for a file that is not there: how far its path goes, and what is mounted there.
pub(super) fn around(path: &Path) -> String {
    let there = path.ancestors().skip(1).find(|folder| folder.is_dir());
    match there {
        Some(folder) => format!("; `{}` is there{}", folder.display(), of(folder)),
        None => String::new(),
    }
}

/// The deepest mount point above `path`, and the kind of its file system.
fn covering(mounts: &str, path: &Path) -> Option<(PathBuf, String)> {
    let mounts = mounts.lines().filter_map(mount);
    let covering = mounts.filter(|(point, _)| path.starts_with(point));
    // Of several at one place the last hides the others.
    covering.max_by_key(|(point, _)| point.components().count())
}

/// The fifth field, and the first behind the dash.
fn mount(line: &str) -> Option<(PathBuf, String)> {
    let (own, of_file_system) = line.split_once(" - ")?;
    let point = own.split(' ').nth(4)?.replace("\\040", " ");
    let kind = of_file_system.split(' ').next()?;
    Some((PathBuf::from(point), kind.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: &str = "\
22 1 0:20 / / rw - overlay overlay rw
30 22 0:40 / /var/run/secrets/eks.amazonaws.com/serviceaccount ro - tmpfs tmpfs rw
31 22 0:41 / /var/run rw shared:1 - ext4 /dev/sda rw
broken line";

    #[test]
    fn finds_the_deepest_mount() {
        let file = Path::new("/var/run/secrets/eks.amazonaws.com/serviceaccount/token");
        let (point, kind) = covering(PODS, file).unwrap();
        assert_eq!(
            (point.as_path(), kind.as_str()),
            (file.parent().unwrap(), "tmpfs")
        );
        let (point, kind) = covering(PODS, Path::new("/var/run/x")).unwrap();
        assert_eq!(
            (point.as_path(), kind.as_str()),
            (Path::new("/var/run"), "ext4")
        );
        assert_eq!(covering("", file), None);
    }
}
