//! From the logs to what a person would stop at, the same in every run.

use serde_json::Value;

/// The SDK's chain tells of each of its providers, of which one counts.
const CHAIN: &str = "Unable to load credentials from any of the providers in the chain ";
const WEB_IDENTITY: &str = "WebIdentityTokenFileCredentialsProvider(): ";
const NEXT: &str = ", ProfileCredentialsProvider(";
/// Before the reason of a start that failed: Java's, then what Quarkus prints in place of a stack.
const REASONS: [&str; 2] = ["Caused by: ", "ERROR: "];
/// What Quarkus adds to every failure.
const ADVICE: &str = "For more details run the same command";

/// What a log of Java shows of a start that failed: the line at the bottom of the last stack.
pub fn of_java(log: &str) -> Option<String> {
    REASONS.iter().find_map(|reason| {
        let mut reasons = log
            .lines()
            .rev()
            .filter_map(|line| line.trim_start().strip_prefix(reason));
        let last = reasons.find(|reason| !reason.starts_with(ADVICE))?;
        Some(masked(&shortened(last)))
    })
}

/// What irsa said when it did not start.
pub fn of_refusal(text: &str) -> Option<String> {
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

/// The line of irsa's log that names link and cause: the last that was told to a client, which has a detail. Between
/// clients irsa tries again by itself and says so, or not yet.
pub fn of_irsa(log: &str) -> Option<String> {
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

/// Of what the SDK tells of its chain, only what it tells of the web identity.
pub fn shortened(words: &str) -> String {
    let short = || {
        let (before, chain) = words.split_once(CHAIN)?;
        let (_, told) = chain.split_once(WEB_IDENTITY)?;
        let (told, _) = told.split_once(NEXT)?;
        Some(format!("{before}{CHAIN}… {WEB_IDENTITY}{told} …"))
    };
    short().unwrap_or_else(|| words.to_owned())
}

/// In one line, and without what differs from run to run: ids, times, ports, folders.
pub fn masked(words: &str) -> String {
    let is_end = |sign: char| !(sign.is_ascii_alphanumeric() || "-./:_".contains(sign));
    words
        .split_inclusive(is_end)
        .map(|word| {
            // What ends a sentence is not of its last word.
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
    fn what_differs_from_run_to_run_is_masked() {
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
    fn of_the_chain_the_web_identity_counts() {
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
    fn of_javas_log_the_last_cause_is_told() {
        let log =
            "X: a\n\tat b\nCaused by: Y: c\n\t... 3 more\nCaused by: Z: d\n  Hint: e\n\tat f\n";
        assert_eq!(of_java(log).unwrap(), "Z: d");
        let log = "ERROR: no server\nERROR: why\nERROR: For more details run the same command passing '--verbose'";
        assert_eq!(of_java(log).unwrap(), "why");
        assert_eq!(of_java("all is well"), None);
    }

    #[test]
    fn of_irsas_log_what_a_client_was_told_counts() {
        let told = "{\"message\":\"told\",\"link\":\"grant\",\"cause\":\"a\",\"detail\":\"d\"}";
        let log = "not JSON\n{\"message\":\"old\",\"link\":\"grant\",\"cause\":\"a\"}\n\
                   {\"message\":\"new\",\"link\":\"grant\",\"cause\":\"b\"}\n{\"message\":\"stopping\"}";
        assert_eq!(of_irsa(log).unwrap(), "new (link: grant, cause: b)");
        let log = format!("{told}\n{log}");
        assert_eq!(of_irsa(&log).unwrap(), "told (link: grant, cause: a)");
        assert_eq!(of_irsa("{\"message\":\"stopping\"}"), None);
    }

    #[test]
    fn of_a_refusal_the_error_counts_and_nothing_else_is_one() {
        assert_eq!(
            of_refusal("x\nerror: why\n help: how").unwrap(),
            "error: why"
        );
        let record = "{\"level\":\"ERROR\",\"message\":\"why\",\"link\":\"grant\",\"exit_code\":3}";
        let log = format!("{{\"message\":\"started\"}}\n{record}");
        assert_eq!(of_refusal(&log).unwrap(), "error: why (link: grant)");
        assert_eq!(of_refusal("`irsa` is not built"), None);
    }
}
