//! `--requests`: decides a stream of requests. Input and output are JSON lines, and memory use is constant.

mod line;

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::line::Line;
use crate::machine_output::{self, INVALID};

/// The maximum length of a line: enough for several policies of the maximum size.
const MAX_LINE: u64 = 16 << 20;

/// Writes one decision for each line that is not blank. Output is flushed whenever no more input is buffered, so that a
/// program can send requests one at a time.
///
/// # Errors
/// Reading or writing failed. An invalid line is not an error: its decision is `Invalid`.
pub fn answer_all(input: impl Read, output: impl Write) -> io::Result<()> {
    let (mut input, mut output) = (BufReader::new(input), BufWriter::new(output));
    let mut line = Vec::new();
    for number in 1.. {
        if input.buffer().is_empty() {
            output.flush()?;
        }
        line.clear();
        if (&mut input).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let is_cut = line.len() as u64 == MAX_LINE && !line.ends_with(b"\n");
        let answer = if is_cut {
            input.skip_until(b'\n')?;
            Some(too_long(&line, number))
        } else {
            answer_line(&line, number)
        };
        if let Some(answer) = answer {
            serde_json::to_writer(&mut output, &answer)?;
            writeln!(output)?;
        }
    }
    output.flush()
}

/// One line of the output.
#[derive(serde::Serialize)]
struct Response {
    by: Map<String, Value>,
    decision: &'static str,
    /// The ID as written, which may be any JSON value.
    id: Option<Box<RawValue>>,
}

/// The decision for a line; `None` if it is blank.
fn answer_line(line: &[u8], number: usize) -> Option<Response> {
    // Some editors write a byte order mark at the start of a file.
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let line = line.trim_ascii();
    if line.is_empty() {
        return None;
    }
    Some(match Line::parse(line) {
        Ok(request) => decide(&request, number),
        Err(error) => {
            let text = error.to_string();
            let at = format!(" at line {} column {}", error.line(), error.column());
            let what = text.strip_suffix(&at).unwrap_or(&text);
            let mut by = invalid_request(what, number);
            by.insert("column".to_owned(), error.column().into());
            invalid(line::id_of(line), by)
        }
    })
}

fn decide(request: &Line<'_>, number: usize) -> Response {
    let id = request.id.map(ToOwned::to_owned);
    match request.parse_parts().map(|parsed| parsed.outcome()) {
        Ok(Ok(outcome)) => Response {
            by: machine_output::by(&outcome.reason),
            decision: machine_output::name(outcome.decision),
            id,
        },
        Ok(Err(error)) => invalid(id, machine_output::refused(&error)),
        Err(error) => invalid(id, invalid_request(&error, number)),
    }
}

fn too_long(line: &[u8], number: usize) -> Response {
    let what = format!("the line exceeds the limit of {MAX_LINE} bytes");
    invalid(line::id_of(line), invalid_request(&what, number))
}

/// The error of an invalid line.
fn invalid_request(what: &str, number: usize) -> Map<String, Value> {
    let error = (
        "error".to_owned(),
        json!(format!("invalid request: {what}")),
    );
    Map::from_iter([error, ("line".to_owned(), number.into())])
}

fn invalid(id: Option<Box<RawValue>>, by: Map<String, Value>) -> Response {
    Response {
        by,
        decision: INVALID,
        id,
    }
}

#[cfg(test)]
mod tests;
