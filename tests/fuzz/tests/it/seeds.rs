//! The files in `corpus`.

use std::fs;
use std::path::{Path, PathBuf};

use irsa_fuzz::Target;

/// The number of hex digits in the name of a file that the fuzzer wrote.
const FOUND: usize = 40;

/// A file of a corpus.
pub(crate) struct Seed {
    name: String,
    pub(crate) bytes: Vec<u8>,
}

/// A running target, whose input is printed if it panics.
pub(crate) struct Running<'a> {
    target: &'a str,
    seed: &'a Seed,
    input: &'a [u8],
}

/// Returns the committed seeds of a target, sorted by name.
pub(crate) fn seeds(target: &str) -> Vec<Seed> {
    let mut files = files(target);
    files.retain(|seed| !seed.was_found());
    files
}

/// Returns the inputs that the fuzzer found on this machine.
pub(crate) fn found(target: &str) -> Vec<Seed> {
    let mut files = files(target);
    files.retain(Seed::was_found);
    files
}

pub(crate) fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(target: &str) -> Vec<Seed> {
    let entries = fs::read_dir(directory("corpus").join(target)).unwrap();
    let mut files: Vec<Seed> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| Seed {
            name: entry.file_name().into_string().unwrap(),
            bytes: fs::read(entry.path()).unwrap(),
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

impl Seed {
    fn was_found(&self) -> bool {
        self.name.len() == FOUND && self.name.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl<'a> Running<'a> {
    pub(crate) fn start(target: &'a str, seed: &'a Seed, input: &'a [u8]) -> Self {
        Self {
            target,
            seed,
            input,
        }
    }

    pub(crate) fn run(self, target: Target) {
        target(self.input);
    }
}

impl Drop for Running<'_> {
    #[expect(clippy::print_stderr, reason = "output of the test")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let input = self.input.escape_ascii();
            eprintln!("{} on `{}`: {input}", self.target, self.seed.name);
        }
    }
}
