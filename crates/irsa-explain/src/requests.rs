//! `--requests`: JSON lines in, JSON lines out, in constant memory.

mod line;

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::line::Line;
use crate::answer::{self, INVALID};

/// A line may be this long: some policies of the largest size.
const MAX_LINE: u64 = 16 << 20;

/// One answer for each line that is not blank. Answers go out whenever there is nothing more to
/// read for the moment, so that a program can ask one by one.
///
/// # Errors
/// Reading or writing failed; a line that is no request is answered as such.
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
struct Answer {
    by: Map<String, Value>,
    decision: &'static str,
    /// As it was written, whatever it is.
    id: Option<Box<RawValue>>,
}

/// The answer to a line, none if it is blank.
fn answer_line(line: &[u8], number: usize) -> Option<Answer> {
    // A byte order mark, as some editors begin a file with.
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
            let mut by = no_request(what, number);
            by.insert("column".to_owned(), error.column().into());
            invalid(line::id_of(line), by)
        }
    })
}

fn decide(request: &Line<'_>, number: usize) -> Answer {
    let id = request.id.map(ToOwned::to_owned);
    match request.ask().map(|asked| asked.outcome()) {
        Ok(Ok(outcome)) => Answer {
            by: answer::by(&outcome.because),
            decision: answer::name(outcome.decision),
            id,
        },
        Ok(Err(error)) => invalid(id, answer::refused(&error)),
        Err(error) => invalid(id, no_request(&error, number)),
    }
}

fn too_long(line: &[u8], number: usize) -> Answer {
    let what = format!("the line is over the limit of {MAX_LINE} bytes");
    invalid(line::id_of(line), no_request(&what, number))
}

/// What is wrong with a line.
fn no_request(what: &str, number: usize) -> Map<String, Value> {
    let error = ("error".to_owned(), json!(format!("no request: {what}")));
    Map::from_iter([error, ("line".to_owned(), number.into())])
}

fn invalid(id: Option<Box<RawValue>>, by: Map<String, Value>) -> Answer {
    Answer {
        by,
        decision: INVALID,
        id,
    }
}

#[cfg(test)]
mod tests;
