//! Adjustments of clap's definitions for all commands.

use clap::{Arg, Command};

/// Treats empty environment variables as unset, like the AWS SDKs do. Helm charts often set empty variables.
#[must_use]
pub fn ignore_empty_variables(command: Command) -> Command {
    let kept = |argument: Arg| match argument.get_env() {
        Some(name) if std::env::var_os(name).is_some_and(|value| value.is_empty()) => {
            argument.env(None::<&'static str>)
        }
        _ => argument,
    };
    command
        .mut_args(kept)
        .mut_subcommands(ignore_empty_variables)
}
