//! A directory of rendered files: only files with our header are overwritten or removed.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use irsa_chain::untrusted::printable;
use irsa_stack::{File, Target, set_up_of};
use similar::TextDiff;

use super::roles::{self, Renamed};
use super::stores;
use crate::commands::text_file;
use crate::exit::Failure;
use crate::settings::shown;

/// The size in bytes above which a file is not one that irsa rendered.
const MOST_BYTES: usize = 64 << 20;

/// The changes to make in the directory.
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
    /// Compares the files below `root` with those that were rendered by this target for the set-up of this name.
    ///
    /// # Errors
    /// A file or folder that is not this set-up's is in the way, or can't be read.
    pub(super) fn plan(
        root: &Path,
        target: Target,
        set_up: &str,
        files: &[File],
    ) -> Result<Self, Failure> {
        let mut changes = Self {
            writes: Vec::new(),
            removals: Vec::new(),
            unchanged: 0,
        };
        for file in files {
            let path = root.join(&file.path);
            real_folders(root, Path::new(&file.path).parent())?;
            let old = existing(&path)?;
            if let Some(old) = &old {
                replaceable(&path, set_up_of(old, target), set_up)?;
            }
            if old.as_ref() == Some(&file.text) {
                changes.unchanged += 1;
            } else {
                changes.writes.push((path, old, file.text.clone()));
            }
        }
        changes.removals = outdated(root, target, set_up, files)?;
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

    /// # Errors
    /// `terraform apply` would destroy a data store, since its code would no longer be in the files.
    pub(super) fn keep_stores(&self) -> Result<(), Failure> {
        let writes = self.writes.iter();
        let new: Vec<_> = writes.clone().map(|(_, _, new)| new.as_str()).collect();
        let replaced = writes.filter_map(|(path, old, _)| Some((path, old.as_ref()?)));
        let removed = self.removals.iter().map(|(path, old)| (path, old));
        for (path, old) in replaced.chain(removed) {
            let gone = stores::dropped(old, &new);
            if !gone.is_empty() {
                return Err(store_dropped(path, &gone));
            }
        }
        Ok(())
    }

    /// A line for each role that the code no longer has, where a new role is for the same service accounts.
    pub(super) fn renamed_roles(&self) -> String {
        let replaced = self.writes.iter();
        let replaced = replaced.filter_map(|(_, old, new)| Some((old.as_ref()?, new)));
        let renamed = replaced.flat_map(|(old, new)| roles::renamed(old, new));
        let mut text = String::new();
        for Renamed { from, to } in renamed {
            let (from, to) = (printable(&from), printable(&to));
            let _ = writeln!(
                text,
                "note: the role `{to}` takes the place of `{from}`, for the same service accounts. If `{from}` exists and \
                 you renamed its workload, `role: {{name: {from}}}` keeps the role"
            );
        }
        text
    }

    /// Writes and removes. Each file is replaced as a whole.
    ///
    /// # Errors
    /// A file can't be written or removed.
    pub(super) fn apply(&self) -> Result<(), Failure> {
        for (path, _, text) in &self.writes {
            text_file::write(path, text).map_err(|error| failed("write", path, &error))?;
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

    /// Returns the actions, one line for each file.
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

/// The files that were rendered by this target for this set-up earlier, and no longer are, with their texts.
fn outdated(
    root: &Path,
    target: Target,
    set_up: &str,
    files: &[File],
) -> Result<Vec<(PathBuf, String)>, Failure> {
    let folder = root.join(target.name());
    real_folders(root, Some(Path::new(target.name())))?;
    let is_rendered = |path: &Path| files.iter().any(|file| root.join(&file.path) == path);
    let mut outdated = Vec::new();
    for path in files_below(&folder)? {
        if is_rendered(&path) {
            continue;
        }
        // A file that can't be read is not ours.
        let text = existing(&path).ok().flatten();
        let is_ours = |text: &String| set_up_of(text, target) == Some(set_up);
        outdated.extend(text.filter(is_ours).map(|text| (path, text)));
    }
    outdated.sort();
    Ok(outdated)
}

/// Refuses to replace a file that was not rendered for this set-up.
fn replaceable(path: &Path, owner: Option<&str>, set_up: &str) -> Result<(), Failure> {
    match owner {
        Some(owner) if owner == set_up => Ok(()),
        Some(owner) => Err(Failure::Other {
            message: format!(
                "`{}` was rendered for the setup `{}`, and this is `{set_up}`",
                shown(path),
                printable(owner)
            ),
            remedy: Some("use a different --out for each setup".to_owned()),
        }),
        None => Err(in_the_way(path)),
    }
}

/// Refuses symbolic links in place of `folder` below `root` and of its parents: they lead out of the directory.
fn real_folders(root: &Path, folder: Option<&Path>) -> Result<(), Failure> {
    let folders = folder.into_iter().flat_map(Path::ancestors);
    for folder in folders.filter(|folder| !folder.as_os_str().is_empty()) {
        let path = root.join(folder);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(no_folder(&path)),
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(failed("read", &path, &error)),
        }
    }
    Ok(())
}

fn is_absent(error: &std::io::Error) -> bool {
    // A folder below something that is not a folder: the latter is reported.
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The text of a file; `None` if there is no such file.
fn existing(path: &Path) -> Result<Option<String>, Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path, &error)),
        Ok(metadata) if !metadata.is_file() => return Err(in_the_way(path)),
        Ok(_) => {}
    }
    match text_file::read(path, MOST_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if is_foreign(&error) => Err(in_the_way(path)),
        Err(error) => Err(failed("read", path, &error)),
    }
}

fn is_foreign(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidData | ErrorKind::FileTooLarge
    )
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

fn in_the_way(path: &Path) -> Failure {
    Failure::Other {
        message: format!(
            "`{}` was not rendered by irsa, and is not overwritten",
            shown(path)
        ),
        remedy: Some("move it, or name another directory by --out".to_owned()),
    }
}

fn store_dropped(path: &Path, resources: &[String]) -> Failure {
    Failure::Other {
        message: format!(
            "`{}` creates a data store that the specification no longer creates: `terraform apply` would destroy the \
             store and its data",
            shown(path)
        ),
        remedy: Some(format!(
            "restore its key and `create`; or, to keep the store without its code, run `terraform state rm {}`, then \
             use --drop-stores",
            resources.join(" ")
        )),
    }
}

fn no_folder(path: &Path) -> Failure {
    Failure::Other {
        message: format!(
            "`{}` is a symbolic link or a file, not a folder",
            shown(path)
        ),
        remedy: Some("remove it, or name another directory by --out".to_owned()),
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other {
        message: format!("cannot {what} `{}`: {error}", shown(path)),
        remedy: None,
    }
}
