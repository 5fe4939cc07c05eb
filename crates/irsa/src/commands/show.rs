//! `irsa show`: the merged specification.

use std::process::ExitCode;

use super::specification::{document, failure_format};
use crate::cli::{Output, ShowArgs};
use crate::exit::Failure;
use crate::output;
use crate::settings::Mistakes;

pub(crate) fn run(args: &ShowArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let document = document(&args.files, mistakes, failure_format(args.output))?;
    match args.output {
        Output::Text => output::line(document.show().trim_end()),
        Output::Json => output::line(&document.show_json().to_string()),
    }?;
    Ok(ExitCode::SUCCESS)
}
