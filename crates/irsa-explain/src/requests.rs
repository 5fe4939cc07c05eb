//! `--requests`: JSON lines in, JSON lines out, in constant memory.

mod line;

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde_json::{Value, json};

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
            writeln!(output, "{answer}")?;
        }
    }
    output.flush()
}

/// The answer to a line, none if it is blank.
fn answer_line(line: &[u8], number: usize) -> Option<Value> {
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
            let column = error.column();
            let by =
                json!({"error": format!("no request: {what}"), "line": number, "column": column});
            invalid(&line::id_of(line), &by)
        }
    })
}

fn decide(request: &Line<'_>, number: usize) -> Value {
    let id = request.id.clone();
    let asked = match request.ask() {
        Ok(asked) => asked,
        Err(error) => {
            let by = json!({"error": format!("no request: {error}"), "line": number});
            return invalid(&id, &by);
        }
    };
    match asked.outcome() {
        Ok(outcome) => json!({
            "id": id,
            "decision": answer::name(outcome.decision),
            "by": answer::by(&outcome.because),
        }),
        Err(error) => invalid(&id, &answer::refused(&error).into()),
    }
}

fn too_long(line: &[u8], number: usize) -> Value {
    let by = json!({
        "error": format!("no request: the line is over the limit of {MAX_LINE} bytes"),
        "line": number,
    });
    invalid(&line::id_of(line), &by)
}

fn invalid(id: &Value, by: &Value) -> Value {
    json!({"id": id, "decision": INVALID, "by": by})
}

#[cfg(test)]
mod tests;
