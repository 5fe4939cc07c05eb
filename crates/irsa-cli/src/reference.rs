//! The reference page of all settings, generated from clap's definitions.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::{Arg, Command};

/// The parts of the page that the program supplies.
#[expect(
    missing_debug_implementations,
    reason = "functions do not implement it"
)]
pub struct Additions<'a> {
    /// The page before the first group of settings.
    pub introduction: String,
    /// Returns the keys of the configuration file that a command accepts.
    pub file_keys: &'a dyn Fn(&Command) -> BTreeSet<String>,
    /// Returns the text after the section of the command with this name.
    pub after: &'a dyn Fn(&str) -> String,
}

/// Returns the page, in Markdown.
pub fn page(program: &Command, additions: &Additions<'_>) -> String {
    let commands: Vec<_> = program
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .collect();
    let mut page = Page {
        program: program.get_name(),
        text: additions.introduction.clone(),
        additions,
    };
    // The program itself may run without a subcommand.
    let has_own = program
        .get_arguments()
        .any(|argument| !is_built_in(argument));
    let takers: Vec<_> = has_own
        .then_some(program)
        .into_iter()
        .chain(commands)
        .collect();
    let shared = headings(&takers);
    for heading in &shared {
        page.line(&format!("\n## {heading}\n"));
        page.group(heading, &takers);
    }
    for command in &takers {
        page.command_section(command, &shared);
    }
    page.text
}

/// A page while it is written.
struct Page<'a> {
    /// The name of the program.
    program: &'a str,
    text: String,
    additions: &'a Additions<'a>,
}

impl Page<'_> {
    /// Writes the settings of one help heading, which several commands share.
    fn group(&mut self, heading: &str, commands: &[&Command]) {
        let in_group = |argument: &&Arg| argument.get_help_heading() == Some(heading);
        let takers: Vec<&Command> = commands
            .iter()
            .copied()
            .filter(|command| command.get_arguments().any(|argument| in_group(&argument)))
            .collect();
        let names: Vec<_> = takers
            .iter()
            .map(|command| quoted(&self.full_name(command)))
            .collect();
        self.line(&format!("Used by {}.\n", names.join(", ")));
        if let Some((first, others)) = takers.split_first() {
            self.table(first, first.get_arguments().filter(in_group), others);
        }
    }

    /// Writes the settings of one command that it does not share, and of its subcommands.
    fn command_section(&mut self, command: &Command, shared: &[&str]) {
        let name = self.full_name(command);
        self.section(&name, command, shared);
        self.text
            .push_str(&(self.additions.after)(command.get_name()));
        if command.get_name() != self.program {
            self.subcommands(&name, command, shared);
        }
    }

    fn subcommands(&mut self, parent: &str, command: &Command, shared: &[&str]) {
        for part in command.get_subcommands() {
            let name = format!("{parent} {}", part.get_name());
            self.section(&name, part, shared);
            self.subcommands(&name, part, shared);
        }
    }

    fn section(&mut self, name: &str, command: &Command, shared: &[&str]) {
        let about = command.get_about().map(ToString::to_string);
        let about = about.unwrap_or_default();
        self.line(&format!("\n## {name}\n\n{}.", about.trim_end_matches('.')));
        let is_shared = |heading: &&str| shared.contains(heading);
        let is_own = |heading: &str| !shared.contains(&heading);
        let own = |argument: &&Arg| {
            argument.get_help_heading().is_none_or(is_own) && !is_built_in(argument)
        };
        let has_own = command.get_arguments().any(|argument| own(&argument));
        if has_own {
            self.line("");
            self.table(command, command.get_arguments().filter(own), &[]);
        }
        let links: Vec<_> = headings(&[command])
            .into_iter()
            .filter(is_shared)
            .map(link)
            .collect();
        if !links.is_empty() {
            let also = if has_own {
                "\nAlso accepts the settings of"
            } else {
                "\nAccepts the settings of"
            };
            self.line(&format!("{also} {}.", links.join(", ")));
        }
    }

    fn table<'a>(
        &mut self,
        command: &Command,
        arguments: impl Iterator<Item = &'a Arg>,
        others: &[&Command],
    ) {
        let keys = (self.additions.file_keys)(command);
        self.line("| flag | environment | file | default | meaning |");
        self.line("| --- | --- | --- | --- | --- |");
        for argument in arguments {
            let key = argument.get_id().as_str().replace('_', "-");
            let key = if keys.contains(&key) {
                quoted(&key)
            } else {
                String::new()
            };
            let environment = argument
                .get_env()
                .map(|name| quoted(&name.to_string_lossy()));
            let row = format!(
                "| {} | {} | {key} | {} | {} |",
                quoted(&flag(argument)),
                environment.unwrap_or_default(),
                self.defaults(argument, others),
                meaning(argument),
            );
            // An empty cell contains a single space.
            self.line(&row.replace("|  |", "| |").replace("|  |", "| |"));
        }
    }

    /// Returns the default of `argument`, and those of other commands that differ.
    fn defaults(&self, argument: &Arg, others: &[&Command]) -> String {
        let own = default_value(argument).unwrap_or_default();
        let mut text = if own.is_empty() {
            String::new()
        } else {
            quoted(&own)
        };
        for other in others {
            let same = other
                .get_arguments()
                .find(|other| other.get_id() == argument.get_id());
            if let Some(default) = same
                .and_then(default_value)
                .filter(|default| *default != own)
            {
                let _ = write!(text, "; for `{}` `{default}`", self.full_name(other));
            }
        }
        text
    }

    /// Returns the full command, as typed.
    fn full_name(&self, command: &Command) -> String {
        match command.get_name() {
            name if name == self.program => name.to_owned(),
            name => format!("{} {name}", self.program),
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// Returns the help headings in order. Settings below them are shared between commands.
fn headings<'a>(commands: &[&'a Command]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let arguments = commands.iter().flat_map(|command| command.get_arguments());
    arguments
        .filter_map(Arg::get_help_heading)
        .filter(|heading| seen.insert(*heading))
        .collect()
}

/// Returns a link to a section of the page.
fn link(heading: &str) -> String {
    format!("[{heading}](#{})", heading.to_lowercase())
}

fn is_built_in(argument: &Arg) -> bool {
    ["help", "version"].contains(&argument.get_id().as_str())
}

fn flag(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .and_then(<[_]>::first)
        .map(ToString::to_string);
    match (argument.get_long(), value) {
        (Some(long), Some(value)) if argument.get_action().takes_values() => {
            format!("--{long} {value}")
        }
        (Some(long), _) => format!("--{long}"),
        (None, Some(value)) => value,
        (None, None) => argument.get_id().to_string().to_uppercase(),
    }
}

fn default_value(argument: &Arg) -> Option<String> {
    if !argument.get_action().takes_values() {
        return None;
    }
    Some(
        argument
            .get_default_values()
            .first()?
            .to_string_lossy()
            .into_owned(),
    )
}

fn meaning(argument: &Arg) -> String {
    let help = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    if !argument.get_action().takes_values() {
        return help;
    }
    let values: Vec<_> = argument
        .get_possible_values()
        .iter()
        .map(|value| quoted(value.get_name()))
        .collect();
    if values.is_empty() {
        help
    } else {
        format!("{help} ({})", values.join(", "))
    }
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}
