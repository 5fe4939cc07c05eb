//! From what was typed to [`Cli`]. The values of the settings file become the defaults of the
//! flags, so that flags and environment win over it and all three share one table of settings.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use irsa_cli::arguments::ignore_empty_variables;

use super::Cli;
use crate::settings::{Mistakes, SettingsFile, shown};

/// What can be said on the command line only: it is no setting of the proxy.
const NOT_IN_FILES: [&str; 5] = ["config", "output", "command", "help", "version"];

/// Reads the command line, the environment and the settings file. Ends the process where the
/// command line makes no sense at all, or asks for help.
pub(crate) fn parse() -> (Cli, Mistakes) {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let matches = command().get_matches_from(&typed);
    let mut mistakes = Mistakes::default();
    let Some((name, path)) = settings_file(&matches) else {
        return resolved(&matches, &SettingsFile::default(), mistakes);
    };
    let file = mistakes
        .collect(SettingsFile::read(&path))
        .unwrap_or_default();
    let command = command().mut_subcommand(name, |part| layered(part, &file, &mut mistakes));
    resolved(&command.get_matches_from(&typed), &file, mistakes)
}

/// The keys of a settings file that stand for flags of `command`.
pub(crate) fn file_keys(command: &Command) -> BTreeMap<String, &Arg> {
    let known = known_keys();
    command
        .get_arguments()
        .map(|argument| (key_of(argument), argument))
        .filter(|(key, _)| known.contains(key))
        .collect()
}

/// The keys that a settings file may hold, whoever reads it: the settings of the proxy.
fn known_keys() -> BTreeSet<String> {
    let program = Cli::command();
    let proxy = program.find_subcommand("proxy").into_iter();
    proxy
        .flat_map(Command::get_arguments)
        .filter(|argument| !NOT_IN_FILES.contains(&argument.get_id().as_str()))
        .map(key_of)
        .collect()
}

fn key_of(argument: &Arg) -> String {
    argument.get_id().as_str().replace('_', "-")
}

fn command() -> Command {
    ignore_empty_variables(Cli::command())
}

/// The command that takes a settings file, and the file.
fn settings_file(matches: &ArgMatches) -> Option<(String, PathBuf)> {
    let (name, of_command) = matches.subcommand()?;
    let path: Option<&PathBuf> = of_command.try_get_one("config").ok().flatten();
    Some((name.to_owned(), path?.clone()))
}

fn layered(command: Command, file: &SettingsFile, mistakes: &mut Mistakes) -> Command {
    let mut defaults = Vec::new();
    let known = known_keys();
    let keys = file_keys(&command);
    for (key, value) in file.settings() {
        if !known.contains(key) {
            mistakes.add(file.unknown(key, known.iter()));
        }
        // What is set for the proxy may be of no concern to others who read its file.
        let Some(argument) = keys.get(key) else {
            continue;
        };
        let values = match argument.get_action() {
            ArgAction::SetTrue => file.switch(key, value).map(|value| vec![value]),
            ArgAction::Append => file.texts(key, value),
            _ => file.text(key, value).map(|value| vec![value]),
        };
        if let Some(values) = mistakes.collect(values) {
            defaults.push((argument.get_id().as_str().to_owned(), values));
        }
    }
    let set = |command: Command, (id, values): (String, Vec<String>)| {
        command.mut_arg(id, |argument| argument.default_values(values))
    };
    defaults.into_iter().fold(command, set)
}

fn resolved(matches: &ArgMatches, file: &SettingsFile, mistakes: Mistakes) -> (Cli, Mistakes) {
    let cli = Cli::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    (cli, mistakes.with_origins(origins(matches, file)))
}

/// Where the settings come from that were not typed, by their flags.
fn origins(matches: &ArgMatches, file: &SettingsFile) -> BTreeMap<String, String> {
    let Some((name, of_command)) = matches.subcommand() else {
        return BTreeMap::new();
    };
    let command = Cli::command();
    let arguments = command
        .find_subcommand(name)
        .into_iter()
        .flat_map(Command::get_arguments);
    let origin = |argument: &Arg| {
        let key = key_of(argument);
        match of_command.value_source(argument.get_id().as_str())? {
            ValueSource::EnvVariable => Some(argument.get_env()?.to_string_lossy().into_owned()),
            ValueSource::DefaultValue if file.settings().contains_key(&key) => {
                Some(format!("`{key}` in `{}`", shown(file.path())))
            }
            _ => None,
        }
    };
    arguments
        .filter_map(|argument| Some((format!("--{}", argument.get_long()?), origin(argument)?)))
        .collect()
}
