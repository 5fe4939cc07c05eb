//! `--requests`: JSON lines in, JSON lines out.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use irsa_explain::requests::answer_all;

use crate::exit::Failure;
use crate::settings::{Mistakes, shown};

/// Answers the requests of a file, or of standard input for `-`, on standard output.
pub(super) fn answer_file(path: &Path, mut mistakes: Mistakes) -> Result<(), Failure> {
    let output = io::stdout().lock();
    let outcome = if path == Path::new("-") {
        answer_all(io::stdin().lock(), output)
    } else {
        let file = File::open(path).map_err(|error| unreadable(path, &error));
        let file = mistakes.check("--requests", file);
        let Some(file) = mistakes.or(file)? else {
            return Ok(());
        };
        answer_all(file, output)
    };
    match outcome {
        // Whoever read the answers has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::other(format!("--requests: {error}"))),
        Ok(()) => Ok(()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {error}", shown(path))
}
