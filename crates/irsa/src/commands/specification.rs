//! The files that describe a setup, read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use irsa_chain::untrusted::quoted;
use irsa_cli::FailureFormat;
use irsa_cli::suggest::nearest;
use irsa_stack::stack::Placeholder;
use irsa_stack::{Document, MAX_FILE_BYTES, OUTPUTS_COMMAND, Outputs, Source, Stack};

use super::text_file;
use crate::cli::StackArgs;
use crate::exit::Failure;
use crate::settings::{Mistakes, shown};

/// The outputs file, if none is named.
const OUTPUTS: &str = "irsa.outputs.json";

/// Reads and merges the specification.
pub(super) fn document(
    files: &[PathBuf],
    mut mistakes: Mistakes,
    format: FailureFormat,
) -> Result<Document, Failure> {
    let sources: Vec<_> = files
        .iter()
        .filter_map(|path| mistakes.collect(source(path)))
        .collect();
    let sources = mistakes.or(sources)?;
    Document::read(sources).map_err(|found| usage(&found, format))
}

/// Reads the specification and the outputs file, and resolves them.
pub(super) fn stack(
    args: &StackArgs,
    mistakes: Mistakes,
    format: FailureFormat,
) -> Result<(Document, Stack), Failure> {
    let document = document(&args.files, mistakes, format)?;
    let outputs = match outputs(args)? {
        Some(source) => {
            let outputs = Outputs::read(source, document.file_count());
            Some(outputs.map_err(|found| usage(&found, format))?)
        }
        None => None,
    };
    let stack = document.stack(outputs.as_ref());
    let stack = stack.map_err(|found| usage(&found, format))?;
    Ok((document, stack))
}

/// Reads the specification alone, and resolves it as before `terraform apply`.
pub(super) fn stack_without_outputs(
    files: &[PathBuf],
    mistakes: Mistakes,
) -> Result<(Document, Stack), Failure> {
    let format = FailureFormat::Text;
    let document = document(files, mistakes, format)?;
    let stack = document.stack(None);
    let stack = stack.map_err(|found| usage(&found, format))?;
    Ok((document, stack))
}

/// The outputs file: the one that is named, or the default one if it exists.
fn outputs(args: &StackArgs) -> Result<Option<Source>, Failure> {
    let path = args.outputs.as_deref().unwrap_or(Path::new(OUTPUTS));
    match text_file::read(path, MAX_FILE_BYTES) {
        Ok(text) => Ok(Some(Source {
            name: shown(path),
            text,
        })),
        Err(error) if error.kind() == ErrorKind::NotFound && args.outputs.is_none() => Ok(None),
        Err(error) => {
            let mut mistakes = Mistakes::default();
            mistakes.add(format!("--outputs: cannot read `{}`: {error}", shown(path)));
            Err(mistakes.into())
        }
    }
}

fn source(path: &Path) -> Result<Source, String> {
    let text = text_file::read(path, MAX_FILE_BYTES).map_err(|error| {
        let hint = if error.kind() == ErrorKind::NotFound {
            "; write one by `irsa init`, or name yours by --file"
        } else {
            ""
        };
        format!("cannot read `{}`: {error}{hint}", shown(path))
    })?;
    Ok(Source {
        name: shown(path),
        text,
    })
}

/// For people each mistake is drawn in its line.
fn usage(found: &irsa_stack::Mistakes, format: FailureFormat) -> Failure {
    let mut mistakes = Mistakes::default();
    mistakes.extend(match format {
        FailureFormat::Text => found.drawn(),
        FailureFormat::Json => found.sentences(),
    });
    mistakes.into()
}

/// The format of failures of a command whose output has this format.
pub(super) fn failure_format(output: crate::cli::Output) -> FailureFormat {
    match output {
        crate::cli::Output::Text => FailureFormat::Text,
        crate::cli::Output::Json => FailureFormat::Json,
    }
}

/// Returns the items with the keys that `flag` names, or all of them.
///
/// # Errors
/// A name is not the key of an item.
pub(super) fn selected<'s, T>(
    flag: &str,
    all: &'s [T],
    names: &[String],
    key: impl Fn(&T) -> &String,
) -> Result<Vec<&'s T>, Failure> {
    let mut mistakes = Mistakes::default();
    for name in names
        .iter()
        .filter(|name| !all.iter().any(|one| key(one) == *name))
    {
        let keys = all.iter().map(|one| key(one).as_str());
        let hint = nearest(name, keys).map_or_else(String::new, |near| {
            format!("; did you mean {}?", quoted(near))
        });
        mistakes.add(format!("{flag}: there is no {}{hint}", quoted(name)));
    }
    mistakes.or(())?;
    let is_selected = |one: &&T| names.is_empty() || names.contains(key(one));
    Ok(all.iter().filter(is_selected).collect())
}

/// Stops where a value exists only after `terraform apply`.
pub(super) fn known<'p>(missing: impl IntoIterator<Item = &'p Placeholder>) -> Result<(), Failure> {
    let missing: Vec<_> = missing.into_iter().map(ToString::to_string).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Other {
        message: format!("not known before `terraform apply`: {}", missing.join(", ")),
        remedy: Some(format!(
            "run `{OUTPUTS_COMMAND}`, or name the file by --outputs"
        )),
    })
}
