//! Errors of the packer.

use std::io;
use std::path::{Path, PathBuf};

/// The reason why an image cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file cannot be read or written.
    #[error("`{}`: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// The program is not for an architecture that images are made for.
    #[error("`{}` is not an ELF program for x86-64 or arm64 Linux", .0.display())]
    NotAProgram(PathBuf),
    /// The libraries of the program cannot be found.
    #[error("cannot list the libraries of `{}`: {reason}", .program.display())]
    Libraries { program: PathBuf, reason: String },
    /// Packing in memory failed.
    #[error("cannot pack the image: {0}")]
    Pack(#[from] io::Error),
}

impl Error {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
