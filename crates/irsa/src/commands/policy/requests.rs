//! `--requests`: evaluates requests in JSON Lines format.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use irsa_explain::requests::answer_all;

use crate::exit::Failure;
use crate::settings::{Mistakes, shown};

/// Evaluates the requests in a file, or on standard input for `-`, and prints the results to standard output.
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
        // The reader of standard output has gone away.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::other(format!("--requests: {error}"))),
        Ok(()) => Ok(()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {error}", shown(path))
}
