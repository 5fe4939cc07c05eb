//! Extracts the error that a user would notice from a client's log, identical in every run.

use irsa_demo::reference_apps::search_clients::{DomainMode, Running};
use serde_json::Value;

use crate::faults::words::{masked, shortened};

const WARNING: &str = "[WARN] example.Signing - ";
/// The SDK's prefix of session names, which is followed by a time.
const SESSION: &str = "aws-sdk-java-";
/// A part of index names that only these tests use.
const NAMES: &str = "-fault";

/// Returns the client's warning, and the innermost exception of the failed step.
pub(super) fn from_client(running: &Running, mode: &DomainMode) -> String {
    let log = running.log();
    let warning = log.lines().find_map(|line| line.strip_prefix(WARNING));
    let events = running.events();
    let mut failures = events
        .iter()
        .filter_map(|event| event.result.as_ref().err());
    let failure = failures.next().and_then(|causes| causes.last());
    let said = warning.into_iter().chain(failure.map(String::as_str));
    let said: Vec<String> = said.map(|words| normalised(words, mode)).collect();
    said.join("; ")
}

/// Returns irsa's last warning, though every step succeeded.
pub(super) fn warning(log: &str) -> Option<String> {
    let records = log.lines().rev();
    let mut records = records.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let record = records.find(|record| record["level"] == "WARN")?;
    record["message"].as_str().map(masked)
}

/// Removes the port and everything that differs between runs.
fn normalised(words: &str, mode: &DomainMode) -> String {
    let words = shortened(words);
    let words = match mode {
        DomainMode::OwnSigning { port, .. } => words.replace(&format!(":{port}"), ""),
        DomainMode::ThroughIrsa { .. } => words,
    };
    masked(&without_session(&words).replace(NAMES, ""))
}

fn without_session(words: &str) -> String {
    let mut parts = words.split(SESSION);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |words, part| {
        let after = part.trim_start_matches(|sign: char| sign.is_ascii_digit());
        format!("{words}{SESSION}…{after}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_a_session_name_is_removed() {
        assert_eq!(
            without_session("role/r/aws-sdk-java-17955 and aws-sdk-java-1: no"),
            "role/r/aws-sdk-java-… and aws-sdk-java-…: no"
        );
    }

    #[test]
    fn the_last_warning_is_returned() {
        let log = "{\"level\":\"WARN\",\"message\":\"a\"}\n{\"level\":\"INFO\",\"message\":\"b\"}";
        assert_eq!(warning(log).unwrap(), "a");
        assert_eq!(warning("{\"level\":\"INFO\",\"message\":\"b\"}"), None);
    }
}
