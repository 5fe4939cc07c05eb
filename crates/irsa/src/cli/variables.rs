//! Environment variables that look like misspelled settings. A misspelled requirement would otherwise be ignored
//! silently.

use clap::{ArgMatches, Command, CommandFactory};
use irsa_cli::suggest;

use super::Cli;

const PREFIX: &str = "IRSA_";

/// Returns a message for each variable whose name is close to that of a setting, for commands that have an identity.
/// Other variables with the prefix are accepted: Kubernetes sets `IRSA_SERVICE_HOST` for a Service named `irsa`.
pub(super) fn misspelled(matches: &ArgMatches) -> Vec<String> {
    let has_identity = matches
        .subcommand()
        .is_some_and(|(_, command)| command.try_contains_id("identity").is_ok());
    if !has_identity {
        return Vec::new();
    }
    let known = known(&Cli::command());
    let given = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        (!value.is_empty()).then_some(name)
    });
    given.filter_map(|name| sentence(&name, &known)).collect()
}

/// Returns the variables of all settings, without the prefix.
fn known(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| {
        let name = argument.get_env()?.to_str()?;
        name.strip_prefix(PREFIX).map(str::to_owned)
    });
    let parts = command.get_subcommands().flat_map(known);
    own.chain(parts).collect()
}

fn sentence(name: &str, known: &[String]) -> Option<String> {
    let word = name.strip_prefix(PREFIX)?;
    if known.iter().any(|known| known == word) {
        return None;
    }
    let meant = suggest::nearest(word, known.iter().map(String::as_str))?;
    Some(format!(
        "unknown variable {name}; did you mean {PREFIX}{meant}?"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(name: &str) -> Option<String> {
        sentence(name, &known(&Cli::command()))
    }

    #[test]
    fn a_misspelled_variable_is_a_mistake() {
        let expected = "unknown variable IRSA_UPSTREAM; did you mean IRSA_UPSTREAMS?";
        assert_eq!(suggestion("IRSA_UPSTREAM").as_deref(), Some(expected));
        for nearly in ["IRSA_CLIENT_PASSWORD", "IRSA_LOGLEVEL", "IRSA_REGOIN"] {
            assert!(suggestion(nearly).is_some(), "{nearly}");
        }
    }

    #[test]
    fn settings_and_unrelated_variables_are_accepted() {
        for other in [
            "IRSA_UPSTREAMS",
            "IRSA_CLIENT_PASSWORDS",
            "IRSA_SERVICE_HOST",
            "IRSA_SERVICE_PORT",
            "IRSA_PORT",
            "IRSA_PORT_5432_TCP_ADDR",
            "IRSA_CACHE_DIR",
            "IRSA_CLIENTS_DIR",
            "IRSA_POSTGRES_BIN",
            "IRSA_REQUIRE_CLIENTS",
            "PATH",
        ] {
            assert_eq!(suggestion(other), None, "{other}");
        }
    }
}
