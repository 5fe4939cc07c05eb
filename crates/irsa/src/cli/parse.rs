//! Parses the command line into [`Cli`]. Values from the configuration file become the defaults of the flags, so that
//! flags and environment variables take precedence and all three share one table of settings.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use irsa_cli::FailureFormat;
use irsa_cli::arguments::ignore_empty_variables;

use super::{Cli, usage_error, variables};
use crate::settings::{ConfigFile, Mistakes, shown};

/// Arguments that are accepted on the command line only.
const NOT_IN_FILES: [&str; 6] = ["config", "output", "command", "help", "upstream", "version"];

/// The command whose configuration file has other keys than that of the proxy.
const WEBHOOK: &str = "webhook";

/// The values of a command's settings, by their keys in the configuration file.
pub(crate) type Values = BTreeMap<String, Vec<OsString>>;

/// The command line, the environment and the configuration file, merged.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) cli: Cli,
    pub(crate) mistakes: Mistakes,
    /// The values before validation, including defaults.
    pub(crate) values: Values,
    pub(crate) failures: FailureFormat,
}

/// Reads the command line, the environment and the configuration file. Exits if the command line is malformed or asks
/// for help.
pub(crate) fn parse() -> Parsed {
    read().unwrap_or_else(|error| usage_error::exit(&error))
}

/// Reads them again, because the configuration file may have changed.
///
/// # Errors
/// The command line cannot be parsed with the new configuration file.
pub(crate) fn parse_again() -> Result<Parsed, String> {
    read().map_err(|error| error.to_string())
}

fn read() -> Result<Parsed, clap::Error> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let matches = command().try_get_matches_from(&typed)?;
    let mut mistakes = Mistakes::default();
    for sentence in variables::misspelled(&matches) {
        mistakes.add(sentence);
    }
    let Some((name, path)) = settings_file(&matches) else {
        return resolved(&matches, &ConfigFile::default(), mistakes);
    };
    let file = mistakes
        .collect(ConfigFile::read(&path))
        .unwrap_or_default();
    let command = command().mut_subcommand(name, |part| layered(part, &file, &mut mistakes));
    resolved(&command.try_get_matches_from(&typed)?, &file, mistakes)
}

/// Returns the arguments of `command` that the configuration file can set, by key: of the webhook all, of other commands
/// the settings of the proxy.
pub(crate) fn file_keys(command: &Command) -> BTreeMap<String, &Arg> {
    let known = known_keys(command);
    command
        .get_arguments()
        .map(|argument| (key_of(argument), argument))
        .filter(|(key, _)| known.contains(key))
        .collect()
}

/// Returns the keys that a configuration file for this command may contain.
fn known_keys(command: &Command) -> BTreeSet<String> {
    match command.get_name() {
        WEBHOOK => keys_of(command).collect(),
        _ => keys_of_subcommand("proxy"),
    }
}

fn keys_of_subcommand(name: &str) -> BTreeSet<String> {
    let program = Cli::command();
    let command = program.find_subcommand(name).into_iter();
    command.flat_map(keys_of).collect()
}

fn keys_of(command: &Command) -> impl Iterator<Item = String> {
    command
        .get_arguments()
        .filter(|argument| !NOT_IN_FILES.contains(&argument.get_id().as_str()))
        .map(key_of)
}

fn key_of(argument: &Arg) -> String {
    argument.get_id().as_str().replace('_', "-")
}

fn command() -> Command {
    ignore_empty_variables(Cli::command())
}

/// Returns the name of the command and its configuration file, if it reads one.
fn settings_file(matches: &ArgMatches) -> Option<(String, PathBuf)> {
    let (name, of_command) = matches.subcommand()?;
    let path: Option<&PathBuf> = of_command.try_get_one("config").ok().flatten();
    Some((name.to_owned(), path?.clone()))
}

fn layered(command: Command, file: &ConfigFile, mistakes: &mut Mistakes) -> Command {
    let mut defaults = Vec::new();
    let known = known_keys(&command);
    let keys = file_keys(&command);
    for (key, value) in file.settings() {
        if !known.contains(key) {
            mistakes.add(file.unknown(key, known.iter()));
        }
        // A command ignores the settings of the proxy that do not apply to it.
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

fn resolved(
    matches: &ArgMatches,
    file: &ConfigFile,
    mut mistakes: Mistakes,
) -> Result<Parsed, clap::Error> {
    let mut cli = Cli::from_arg_matches(matches)?;
    match &mut cli.command {
        super::Command::Proxy(args) => {
            merge(&mut args.upstreams, &mut args.more_upstreams, matches);
        }
        super::Command::Doctor(args) => {
            merge(&mut args.upstreams, &mut args.more_upstreams, matches);
            if !args.setup.files.is_empty() {
                without_effect(matches, &mut mistakes);
            }
        }
        _ => {}
    }
    Ok(Parsed {
        cli,
        mistakes: mistakes.with_origins(origins(matches, file)),
        values: values(matches),
        failures: failure_format(matches),
    })
}

/// Adds the upstreams of `--upstream` to those given as arguments. Both take precedence over the environment and the
/// configuration file.
fn merge(upstreams: &mut Vec<String>, more: &mut Vec<String>, matches: &ArgMatches) {
    let of_command = matches.subcommand().map(|(_, of_command)| of_command);
    let source = of_command.and_then(|matches| matches.value_source("upstreams"));
    if !more.is_empty() && source != Some(ValueSource::CommandLine) {
        upstreams.clear();
    }
    upstreams.append(more);
}

/// Reports arguments that the specification replaces. Their variables may be set for other commands.
fn without_effect(matches: &ArgMatches, mistakes: &mut Mistakes) {
    let Some((_, of_command)) = matches.subcommand() else {
        return;
    };
    for (id, name) in [
        ("upstreams", "UPSTREAM"),
        ("user", "--user"),
        ("database", "--database"),
        ("config", "--config"),
    ] {
        if of_command.value_source(id) == Some(ValueSource::CommandLine) {
            mistakes.add(format!(
                "{name} has no effect with --file, whose workloads name their data stores and users"
            ));
        }
    }
}

/// Returns the format of failures: JSON with `--output json`, and for a proxy the format of its log.
fn failure_format(matches: &ArgMatches) -> FailureFormat {
    let (mut name, mut innermost) = ("", matches);
    while let Some((part, of_part)) = innermost.subcommand() {
        (name, innermost) = (part, of_part);
    }
    let is = |id: &str, value: &str| {
        let raw = innermost.try_get_raw(id).ok().flatten();
        raw.and_then(Iterator::last).is_some_and(|raw| raw == value)
    };
    let is_log_piped =
        ["proxy", WEBHOOK].contains(&name) && is("log_format", "auto") && !stderr().is_terminal();
    if is("output", "json") || is("log_format", "json") || is_log_piped {
        FailureFormat::Json
    } else {
        FailureFormat::Text
    }
}

fn values(matches: &ArgMatches) -> Values {
    let Some((name, of_command)) = matches.subcommand() else {
        return Values::new();
    };
    let program = Cli::command();
    let keys = program.find_subcommand(name).map(file_keys);
    let value = |argument: &Arg| {
        let raw = of_command.try_get_raw(argument.get_id().as_str()).ok()?;
        Some(raw?.map(OsString::from).collect())
    };
    keys.into_iter()
        .flatten()
        .filter_map(|(key, argument)| Some((key, value(argument)?)))
        .collect()
}

/// Returns the names of settings that do not come from the command line, by flag.
fn origins(matches: &ArgMatches, file: &ConfigFile) -> BTreeMap<String, String> {
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
