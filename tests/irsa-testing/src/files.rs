//! Files of the repository that a test reads.

use std::fs;
use std::path::{Path, PathBuf};

/// Adds all files below a directory.
pub fn add_files_below(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_files_below(&path, files);
        } else {
            files.push(path);
        }
    }
}
