//! Variables of the environment that are nearly settings. A requirement that is misspelt would not be enforced.

use clap::{ArgMatches, Command, CommandFactory};
use irsa_cli::suggest;

use super::Cli;

const PREFIX: &str = "IRSA_";

/// Returns a sentence for each variable that is not a setting and nearly has the name of one, for commands that have an
/// identity. Kubernetes sets variables for a Service `irsa` (`IRSA_SERVICE_HOST`), so that others are no mistakes.
pub(super) fn misspelt(matches: &ArgMatches) -> Vec<String> {
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

/// The settings' variables, without the prefix.
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

    fn of(name: &str) -> Option<String> {
        sentence(name, &known(&Cli::command()))
    }

    #[test]
    fn a_variable_that_is_nearly_a_setting_is_a_mistake() {
        let expected = "unknown variable IRSA_UPSTREAM; did you mean IRSA_UPSTREAMS?";
        assert_eq!(of("IRSA_UPSTREAM").as_deref(), Some(expected));
        for nearly in ["IRSA_CLIENT_PASSWORD", "IRSA_LOGLEVEL", "IRSA_REGOIN"] {
            assert!(of(nearly).is_some(), "{nearly}");
        }
    }

    #[test]
    fn settings_and_the_variables_of_others_are_not() {
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
            assert_eq!(of(other), None, "{other}");
        }
    }
}
