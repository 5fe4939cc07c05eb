//! `irsa init`: a specification to begin with.

mod aws;
mod existing;
mod files;
mod namespace;
mod report;

use std::process::ExitCode;

use irsa_chain::ServiceAccount;
use irsa_chain::untrusted::quoted;

use self::files::{Files, NewFile};
use crate::cli::{InitArgs, PresetName};
use crate::exit::Failure;
use crate::output;
use crate::settings::Mistakes;

pub(crate) fn run(args: &InitArgs, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    if let Some(namespace) = &args.from
        && ServiceAccount::new(namespace, "default").is_err()
    {
        let name = quoted(namespace);
        mistakes.add(format!("--from: {name} is not the name of a namespace"));
    }
    mistakes.or(())?;
    match (args.preset, &args.from) {
        (Some(preset), _) => from_preset(preset, args),
        (None, namespace) => existing::run(namespace.as_deref().unwrap_or_default(), args),
    }
}

fn from_preset(preset: PresetName, args: &InitArgs) -> Result<ExitCode, Failure> {
    let files = Files::prepare(&args.out, args.force, vec![NewFile::schema()])?;
    let written = files.write(preset.preset().text())?;
    output::line(&format!(
        "wrote {}: change what is marked with \"CHANGE\", then run `irsa check`",
        written.join(" and ")
    ))?;
    Ok(ExitCode::SUCCESS)
}
