//! The user's own values files, for `irsa render helm-values`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use irsa_stack::{Source, Target, UserValues};

use crate::cli::RenderArgs;
use crate::settings::shown;

/// The size in bytes above which a file is refused. The values of Camunda's chart have 300 kB.
const MAX_BYTES: u64 = 4 << 20;

/// Reads the files of `--values`.
///
/// # Errors
/// The target takes none, or a file can't be read.
pub(super) fn read(args: &RenderArgs, target: Target) -> Result<UserValues, String> {
    if !args.values.is_empty() && target != Target::HelmValues {
        return Err("--values is for `irsa render helm-values` only".to_owned());
    }
    let sources = args.values.iter().map(|path| source(path));
    UserValues::read(sources.collect::<Result<_, _>>()?)
        .map_err(|problem| format!("--values: {problem}"))
}

fn source(path: &Path) -> Result<Source, String> {
    let unreadable = |error| format!("--values: cannot read `{}`: {error}", shown(path));
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let mut limited = file.take(MAX_BYTES + 1);
    limited.read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!(
            "--values: `{}` is larger than {MAX_BYTES} bytes",
            shown(path)
        ));
    }
    Ok(Source {
        name: shown(path),
        text,
    })
}
