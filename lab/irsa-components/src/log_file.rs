//! A server's log, and its end for errors.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Maximum number of bytes that are shown of a log.
const TAIL_BYTES: u64 = 16_384;
/// Maximum number of lines that are shown of a log.
const TAIL_LINES: usize = 12;

/// Opens the log for a server to append to.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}

/// Returns the last lines of a log for an error; an unreadable log is omitted.
pub(crate) fn tail(path: &Path) -> String {
    let end = read_end(path).unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&end))
}

/// Returns the last lines of `text`, joined into one, without Java stack frames, which would hide the reason.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("at "))
        .collect();
    let first = lines.len().saturating_sub(TAIL_LINES);
    lines.get(first..).unwrap_or_default().join(" | ")
}

fn read_end(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_only_the_last_lines() {
        let lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
        let tail = last_lines(&lines.join("\n"));
        assert!(tail.starts_with("line 88 | "), "{tail}");
        assert!(tail.ends_with("line 99"), "{tail}");
    }

    #[test]
    fn omits_stack_frames() {
        let text = "BindException: in use\n\tat sun.nio.ch.Net.bind0(Native Method)\n";
        assert_eq!(last_lines(text), "BindException: in use");
    }

    #[test]
    fn a_missing_log_shows_nothing() {
        assert_eq!(tail(Path::new("/nonexistent/postgres.log")), "");
    }
}
