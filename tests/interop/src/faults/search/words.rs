//! From a client's log to what a person would stop at, the same in every run.

use irsa_demo::reference_apps::search_clients::{DomainWay, Running};
use serde_json::Value;

use crate::faults::words::{masked, shortened};

const WARNING: &str = "[WARN] example.Signing - ";
/// The SDK's name for a session, before the time of its making.
const SESSION: &str = "aws-sdk-java-";
/// What only here is in the names of indices.
const NAMES: &str = "-fault";

/// What the client's log shows: its warning, and the innermost exception of the step that failed.
pub(super) fn of_client(running: &Running, way: &DomainWay) -> String {
    let log = running.log();
    let warning = log.lines().find_map(|line| line.strip_prefix(WARNING));
    let told = running.told();
    let mut failures = told.iter().filter_map(|told| told.result.as_ref().err());
    let failure = failures.next().and_then(|causes| causes.last());
    let said = warning.into_iter().chain(failure.map(String::as_str));
    let said: Vec<String> = said.map(|words| normalised(words, way)).collect();
    said.join("; ")
}

/// What irsa warned of last, though all went well.
pub(super) fn warning(log: &str) -> Option<String> {
    let records = log.lines().rev();
    let mut records = records.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let record = records.find(|record| record["level"] == "WARN")?;
    record["message"].as_str().map(masked)
}

/// As on the standard port, and without what differs from run to run.
fn normalised(words: &str, way: &DomainWay) -> String {
    let words = shortened(words);
    let words = match way {
        DomainWay::ItsOwn { port, .. } => words.replace(&format!(":{port}"), ""),
        DomainWay::ThroughIrsa { .. } => words,
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
    fn a_session_of_the_sdk_has_no_time() {
        assert_eq!(
            without_session("role/r/aws-sdk-java-17955 and aws-sdk-java-1: no"),
            "role/r/aws-sdk-java-… and aws-sdk-java-…: no"
        );
    }

    #[test]
    fn the_last_warning_is_told() {
        let log = "{\"level\":\"WARN\",\"message\":\"a\"}\n{\"level\":\"INFO\",\"message\":\"b\"}";
        assert_eq!(warning(log).unwrap(), "a");
        assert_eq!(warning("{\"level\":\"INFO\",\"message\":\"b\"}"), None);
    }
}
