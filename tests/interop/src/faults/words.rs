//! Extracts the errors that a user would notice from logs, identical in every run.

use serde_json::Value;

/// The SDK's error about its credential chain, which lists the reason of every provider.
const CHAIN: &str = "Unable to load credentials from any of the providers in the chain ";
const WEB_IDENTITY: &str = "WebIdentityTokenFileCredentialsProvider(): ";
const NEXT: &str = ", ProfileCredentialsProvider(";
/// Prefixes of the reason of a failed start: Java's, and the one that Quarkus prints in place of a stack trace.
const REASONS: [&str; 2] = ["Caused by: ", "ERROR: "];
/// The advice that Quarkus adds to every failure.
const ADVICE: &str = "For more details run the same command";

/// Returns the reason of a failed start in a log of Java: the last line of its causes.
pub fn from_java(log: &str) -> Option<String> {
    REASONS.iter().find_map(|reason| {
        let mut reasons = log
            .lines()
            .rev()
            .filter_map(|line| line.trim_start().strip_prefix(reason));
        let last = reasons.find(|reason| !reason.starts_with(ADVICE))?;
        Some(masked(&shortened(last)))
    })
}

/// Returns irsa's error when it refused to start.
pub fn from_refusal(text: &str) -> Option<String> {
    let of_line = |line: &str| {
        if line.starts_with("error: ") {
            return Some(line.to_owned());
        }
        let record: Value = serde_json::from_str(line).ok()?;
        record["exit_code"].as_u64()?;
        let message = record["message"].as_str()?;
        let words = match (record["link"].as_str(), record["cause"].as_str()) {
            (Some(link), Some(cause)) => format!("{message} (link: {link}, cause: {cause})"),
            (Some(link), None) => format!("{message} (link: {link})"),
            _ => message.to_owned(),
        };
        Some(format!("error: {words}"))
    };
    text.lines().find_map(of_line)
}

/// Returns the line of irsa's log with link and cause: the last one with a detail, which a client received. Other
/// records are retries of irsa itself.
pub fn from_irsa(log: &str) -> Option<String> {
    let records = log.lines().rev();
    let records = records.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let records: Vec<Value> = records
        .filter(|record| record["cause"].is_string())
        .collect();
    let told = |record: &&Value| record["detail"].is_string();
    let record = records.iter().find(told).or(records.first())?;
    let text = |key: &str| record[key].as_str().unwrap_or_default();
    Some(format!(
        "{} (link: {}, cause: {})",
        masked(text("message")),
        text("link"),
        text("cause")
    ))
}

/// Removes all providers from the SDK's error except web identity.
pub fn shortened(words: &str) -> String {
    let short = || {
        let (before, chain) = words.split_once(CHAIN)?;
        let (_, told) = chain.split_once(WEB_IDENTITY)?;
        let (told, _) = told.split_once(NEXT)?;
        Some(format!("{before}{CHAIN}… {WEB_IDENTITY}{told} …"))
    };
    short().unwrap_or_else(|| words.to_owned())
}

/// Joins lines, and masks everything that differs between runs: IDs, times, ports, directories.
pub fn masked(words: &str) -> String {
    let is_end = |sign: char| !(sign.is_ascii_alphanumeric() || "-./:_".contains(sign));
    words
        .split_inclusive(is_end)
        .map(|word| {
            // Punctuation at the end of a word is not part of it.
            let bare = word.trim_end_matches(|sign| is_end(sign) || ".:".contains(sign));
            mask(bare) + word.strip_prefix(bare).unwrap_or_default()
        })
        .collect::<String>()
        .replace('\n', " ")
}

fn mask(word: &str) -> String {
    let all = |test: fn(&char) -> bool| word.chars().all(|sign| test(&sign));
    let is_id = word.len() == 36 && word.matches('-').count() == 4;
    let is_time = word.starts_with("20") && word.ends_with('Z');
    let is_seconds = word.len() == 10 && all(char::is_ascii_digit);
    if is_id || is_time || is_seconds {
        return "…".to_owned();
    }
    match (word.split_once("127.0.0.1:"), word.strip_prefix("/tmp/")) {
        (Some((before, _)), _) => format!("{before}127.0.0.1:…"),
        (_, Some(path)) => format!("…/{}", path.rsplit('/').next().unwrap_or(path)),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_between_runs_are_masked() {
        for (words, masks) in [
            (
                "a (ID: 6b1fca3e-5c1b-4a64-9b3c-1f4f7a0b2c3d)\nb",
                "a (ID: …) b",
            ),
            ("time 1795580160 at 2026-11-25T04:16:57Z.", "time … at …."),
            (
                "to https://127.0.0.1:4711, /tmp/.x/ca.pem",
                "to https://127.0.0.1:…, …/ca.pem",
            ),
            ("at 20261125T035124Z, or 5432", "at …, or 5432"),
        ] {
            assert_eq!(masked(words), masks);
        }
    }

    #[test]
    fn only_web_identity_remains_of_the_chain() {
        let chain = "E: Unable to load credentials from any of the providers in the chain C(p=[W()]) : \
                     [S(): no, WebIdentityTokenFileCredentialsProvider(): why, ProfileCredentialsProvider(p=d): no]";
        assert_eq!(
            shortened(chain),
            "E: Unable to load credentials from any of the providers in the chain … \
             WebIdentityTokenFileCredentialsProvider(): why …"
        );
        assert_eq!(shortened("why"), "why");
    }

    #[test]
    fn the_last_cause_in_a_java_log_is_returned() {
        let log =
            "X: a\n\tat b\nCaused by: Y: c\n\t... 3 more\nCaused by: Z: d\n  Hint: e\n\tat f\n";
        assert_eq!(from_java(log).unwrap(), "Z: d");
        let log = "ERROR: no server\nERROR: why\nERROR: For more details run the same command passing '--verbose'";
        assert_eq!(from_java(log).unwrap(), "why");
        assert_eq!(from_java("all is well"), None);
    }

    #[test]
    fn the_error_that_a_client_received_is_returned() {
        let told = "{\"message\":\"told\",\"link\":\"grant\",\"cause\":\"a\",\"detail\":\"d\"}";
        let log = "not JSON\n{\"message\":\"old\",\"link\":\"grant\",\"cause\":\"a\"}\n\
                   {\"message\":\"new\",\"link\":\"grant\",\"cause\":\"b\"}\n{\"message\":\"stopping\"}";
        assert_eq!(from_irsa(log).unwrap(), "new (link: grant, cause: b)");
        let log = format!("{told}\n{log}");
        assert_eq!(from_irsa(&log).unwrap(), "told (link: grant, cause: a)");
        assert_eq!(from_irsa("{\"message\":\"stopping\"}"), None);
    }

    #[test]
    fn only_the_error_of_a_refusal_is_returned() {
        assert_eq!(
            from_refusal("x\nerror: why\n help: how").unwrap(),
            "error: why"
        );
        let record = "{\"level\":\"ERROR\",\"message\":\"why\",\"link\":\"grant\",\"exit_code\":3}";
        let log = format!("{{\"message\":\"started\"}}\n{record}");
        assert_eq!(from_refusal(&log).unwrap(), "error: why (link: grant)");
        assert_eq!(from_refusal("`irsa` is not built"), None);
    }
}
