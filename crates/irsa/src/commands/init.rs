//! `irsa init`: a specification to begin with.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use irsa_stack::MAX_FILE_BYTES;

use super::text_file;
use crate::cli::InitArgs;
use crate::exit::Failure;
use crate::output;
use crate::settings::{Mistakes, shown};

pub(crate) fn run(args: &InitArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    mistakes.or(())?;
    let file = args.out.join("irsa.yaml");
    let schema = args.out.join("irsa.schema.json");
    let text = irsa_stack::json_schema();
    let is_current = is_current(&schema, &text, args.force)?;
    create(&file, args.preset.preset().text())?;
    if !is_current {
        text_file::write(&schema, &text).map_err(|error| failed(&schema, &error))?;
    }
    output::line(&format!(
        "wrote {} and {}: change what is marked with \"CHANGE\", then run `irsa check`",
        shown(&file),
        shown(&schema)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns whether the schema is in place. A different file is kept unless it may be replaced.
fn is_current(path: &Path, text: &str, may_replace: bool) -> Result<bool, Failure> {
    match text_file::read(path, MAX_FILE_BYTES) {
        Ok(old) if old == text => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        _ if may_replace => Ok(false),
        _ => Err(Failure::Other {
            message: format!("`{}` exists and is different", shown(path)),
            remedy: Some("replace it by --force, or name another directory by --out".to_owned()),
        }),
    }
}

/// Writes a file that does not exist yet.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let file = fs::File::create_new(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::Other {
                message: format!("`{}` exists already", shown(path)),
                remedy: Some("move it, or name another directory by --out".to_owned()),
            },
            _ => failed(path, &error),
        })
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other {
        message: format!("cannot write `{}`: {error}", shown(path)),
        remedy: None,
    }
}
