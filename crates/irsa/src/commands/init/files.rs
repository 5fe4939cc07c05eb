//! The files that are written. An existing `irsa.yaml` is never replaced, and other files only with `--force`.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use irsa_stack::MAX_FILE_BYTES;

use crate::commands::text_file;
use crate::exit::Failure;
use crate::settings::shown;

/// A file besides `irsa.yaml`.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) name: &'static str,
    pub(super) text: String,
}

/// The files of a directory, none of which stands in the way.
#[derive(Debug)]
pub(super) struct Files {
    specification: PathBuf,
    others: Vec<(PathBuf, String)>,
}

// === impl NewFile ===

impl NewFile {
    pub(super) fn schema() -> Self {
        Self {
            name: "irsa.schema.json",
            text: irsa_stack::json_schema(),
        }
    }
}

// === impl Files ===

impl Files {
    /// Fails early if a file exists and may not be replaced.
    pub(super) fn prepare(
        folder: &Path,
        may_replace: bool,
        files: Vec<NewFile>,
    ) -> Result<Self, Failure> {
        let specification = absent(folder)?;
        let mut others = Vec::new();
        for NewFile { name, text } in files {
            let path = folder.join(name);
            if !is_current(&path, &text, may_replace)? {
                others.push((path, text));
            }
        }
        Ok(Self {
            specification,
            others,
        })
    }

    /// Writes all files, and returns their names.
    pub(super) fn write(self, specification: &str) -> Result<Vec<String>, Failure> {
        let mut names = vec![shown(&self.specification)];
        create(&self.specification, specification)?;
        for (path, text) in self.others {
            text_file::write(&path, &text).map_err(|error| failed(&path, &error))?;
            names.push(shown(&path));
        }
        Ok(names)
    }
}

/// Returns the path of `irsa.yaml`, or fails if it exists. Writing it decides; this is for a message before anything is
/// read or written.
pub(super) fn absent(folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join("irsa.yaml");
    if fs::symlink_metadata(&path).is_ok() {
        return Err(exists(&path));
    }
    Ok(path)
}

/// Returns whether the file is in place. A different file is kept unless it may be replaced.
fn is_current(path: &Path, text: &str, may_replace: bool) -> Result<bool, Failure> {
    match text_file::read(path, MAX_FILE_BYTES) {
        Ok(old) if old == text => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        _ if may_replace => Ok(false),
        _ => Err(Failure::Other {
            message: format!("`{}` exists and is different", shown(path)),
            remedy: Some("replace it by --force, or name another directory by --out".to_owned()),
        }),
    }
}

/// Writes a file that does not exist yet.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = fs::create_dir_all(folder).and_then(|()| fs::File::create_new(path));
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => exists(path),
            _ => failed(path, &error),
        })
}

fn exists(path: &Path) -> Failure {
    Failure::Other {
        message: format!("`{}` exists already", shown(path)),
        remedy: Some("move it, or name another directory by --out".to_owned()),
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other {
        message: format!("cannot write `{}`: {error}", shown(path)),
        remedy: None,
    }
}
