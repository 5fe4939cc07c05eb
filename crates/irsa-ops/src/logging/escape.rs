//! Escapes characters that could forge log records: a line break starts a new record, an escape sequence hides text,
//! and a bidirectional control reorders it.

use std::fmt;
use std::io::{self, Write};

use irsa_chain::untrusted::{escape_json, is_deceptive};
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// A formatter that escapes like Rust's string literals: `\n`, `\u{1b}`.
pub(super) struct Escaped<'a, W>(pub(super) &'a mut W);

/// Makes writers that escape characters that JSON permits unescaped, such as `\u2028`.
#[derive(Debug)]
pub(super) struct JsonEscaping<M>(pub(super) M);

impl<W: fmt::Write> fmt::Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(is_deceptive) {
            let (harmless, tail) = rest.split_at(at);
            self.0.write_str(harmless)?;
            let mut chars = tail.chars();
            for char in chars.next().into_iter().flat_map(char::escape_default) {
                self.0.write_char(char)?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for JsonEscaping<M> {
    type Writer = JsonEscaping<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        JsonEscaping(self.0.make_writer())
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        JsonEscaping(self.0.make_writer_for(event))
    }
}

impl<W: Write> Write for JsonEscaping<W> {
    /// Writes a whole line, in which only strings contain non-ASCII characters.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match str::from_utf8(line) {
            Ok(text) if text.trim_end_matches('\n').contains(is_deceptive) => {
                self.0.write_all(escape_json(text).as_bytes())?;
            }
            _ => self.0.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
