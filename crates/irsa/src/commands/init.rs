//! `irsa init`: a specification to begin with.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::InitArgs;
use crate::exit::Failure;
use crate::output;
use crate::settings::{Mistakes, shown};

pub(crate) fn run(args: &InitArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    mistakes.or(())?;
    let file = args.out.join("irsa.yaml");
    let schema = args.out.join("irsa.schema.json");
    create(&file, args.preset.preset().text())?;
    fs::write(&schema, irsa_stack::json_schema()).map_err(|error| failed(&schema, &error))?;
    output::line(&format!(
        "wrote {} and {}: change what is marked with \"CHANGE\", then run `irsa check`",
        shown(&file),
        shown(&schema)
    ))?;
    Ok(ExitCode::SUCCESS)
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
