//! A directory of rendered files: only files with our header are overwritten or removed.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use irsa_stack::File;
use similar::TextDiff;
use tempfile::NamedTempFile;

use crate::exit::Failure;
use crate::settings::shown;

/// The lines at a file's beginning that the header is searched in.
const HEADER_LINES: usize = 3;

/// What has to change in the directory.
#[derive(Debug)]
pub(super) struct Changes {
    /// Files to write, with their old text, if any, and the new one.
    writes: Vec<(PathBuf, Option<String>, String)>,
    /// Rendered earlier, but no longer.
    removals: Vec<(PathBuf, String)>,
    unchanged: usize,
}

// === impl Changes ===

impl Changes {
    /// Compares the files below `root` with rendered ones. Those of the target are in the folder `folder`, and have
    /// `mark` in their header.
    ///
    /// # Errors
    /// A file that was not rendered is in the way, or can't be read.
    pub(super) fn plan(
        root: &Path,
        folder: &str,
        mark: &str,
        files: &[File],
    ) -> Result<Self, Failure> {
        let mut changes = Self {
            writes: Vec::new(),
            removals: Vec::new(),
            unchanged: 0,
        };
        for file in files {
            let path = root.join(&file.path);
            match existing(&path)? {
                Some(old) if !is_ours(&old, mark) => return Err(in_the_way(&path)),
                Some(old) if old == file.text => changes.unchanged += 1,
                old => changes.writes.push((path, old, file.text.clone())),
            }
        }
        for path in files_below(&root.join(folder))? {
            let is_rendered = files.iter().any(|file| root.join(&file.path) == path);
            let text = if is_rendered {
                None
            } else {
                existing(&path).ok().flatten()
            };
            if let Some(text) = text.filter(|text| is_ours(text, mark)) {
                changes.removals.push((path, text));
            }
        }
        changes.removals.sort();
        Ok(changes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.removals.is_empty()
    }

    /// The changes as a unified diff.
    pub(super) fn diff(&self) -> String {
        let mut text = String::new();
        for (path, old, new) in &self.writes {
            let from = if old.is_some() {
                shown(path)
            } else {
                "/dev/null".to_owned()
            };
            unified(
                &mut text,
                old.as_deref().unwrap_or_default(),
                new,
                &from,
                &shown(path),
            );
        }
        for (path, old) in &self.removals {
            unified(&mut text, old, "", &shown(path), "/dev/null");
        }
        if text.is_empty() {
            text = self.summary();
        }
        text
    }

    /// Writes and removes. Each file is replaced as a whole.
    ///
    /// # Errors
    /// A file can't be written or removed.
    pub(super) fn apply(&self) -> Result<(), Failure> {
        for (path, _, text) in &self.writes {
            write(path, text).map_err(|error| failed("write", path, &error))?;
        }
        for (path, _) in &self.removals {
            fs::remove_file(path).map_err(|error| failed("remove", path, &error))?;
            if let Some(parent) = path.parent() {
                // Fails where other files are left, which then stay.
                let _ = fs::remove_dir(parent);
            }
        }
        Ok(())
    }

    /// What was done, one line for each file.
    pub(super) fn summary(&self) -> String {
        let mut text = String::new();
        for (path, _, _) in &self.writes {
            let _ = writeln!(text, "wrote {}", shown(path));
        }
        for (path, _) in &self.removals {
            let _ = writeln!(text, "removed {}", shown(path));
        }
        if self.unchanged > 0 {
            let _ = writeln!(text, "{} unchanged", self.unchanged);
        }
        text
    }
}

fn unified(text: &mut String, old: &str, new: &str, from: &str, to: &str) {
    let diff = TextDiff::from_lines(old, new);
    let _ = write!(text, "{}", diff.unified_diff().header(from, to));
}

/// The text of a file; `None` if there is no such file.
fn existing(path: &Path) -> Result<Option<String>, Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path, &error)),
        Ok(metadata) if !metadata.is_file() => return Err(in_the_way(path)),
        Ok(_) => {}
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(in_the_way(path)),
        Err(error) => Err(failed("read", path, &error)),
    }
}

fn is_ours(text: &str, mark: &str) -> bool {
    text.lines()
        .take(HEADER_LINES)
        .any(|line| line.contains(mark))
}

/// Regular files below a folder. Symbolic links are not followed. No rendered file is hidden, or in a hidden folder such
/// as Terraform's `.terraform`, which has its providers.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("read", &folder, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| failed("read", &folder, &error))?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry
                .file_type()
                .map_err(|error| failed("read", &entry.path(), &error))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut file = NamedTempFile::new_in(parent)?;
    file.write_all(text.as_bytes())?;
    set_mode(file.as_file())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Temporary files are for their owner alone; these are meant to be committed and read.
fn set_mode(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

fn in_the_way(path: &Path) -> Failure {
    Failure::Other {
        message: format!(
            "`{}` was not rendered by irsa, and is not overwritten",
            shown(path)
        ),
        remedy: Some("move it, or name another directory by --out".to_owned()),
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other {
        message: format!("cannot {what} `{}`: {error}", shown(path)),
        remedy: None,
    }
}
