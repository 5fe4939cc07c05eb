//! Removes secrets from text that came from outside.
//!
//! STS repeats what it received: a validation error contains the web identity token, and a signature error contains the
//! canonical request with the session token.

use super::redact::{REDACTED, redact};

/// The maximum length of the text, in characters.
const MAX_TEXT: usize = 600;

/// The maximum length of an unbroken run of token characters. A role session name has at most 64 characters, and the
/// signature of a JWT at least 86.
const MAX_RUN: usize = 64;

/// The beginning of session tokens that STS issues, in base64.
const SESSION_TOKENS: [&str; 3] = ["IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdz", "FQoGZXIvYXdz"];

/// The beginning of a JWT, whose header is a JSON object in base64.
const JWT: &str = "eyJ";

/// The minimum length of a text that counts as the beginning of a JWT, in characters.
const SHORTEST_JWT: usize = 20;

/// Returns `text` as a single line of at most 600 characters, without `secrets` and parts of them, and without text
/// that looks like a JWT, a session token or another long token.
pub fn scrub(text: &str, secrets: &[&str]) -> String {
    let clean = redact(text, secrets);
    let line: String = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&without_tokens(&line))
}

fn without_tokens(line: &str) -> String {
    let line = without_session_tokens(line);
    let line = line.as_str();
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_token_char(c)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        out.push_str(if is_secret_run(run) { REDACTED } else { run });
        let mut chars = tail.chars();
        out.extend(chars.next().map(|c| if c.is_control() { ' ' } else { c }));
        rest = chars.as_str();
    }
    out
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '=' | '%')
}

fn is_secret_run(run: &str) -> bool {
    run.split('.').any(|part| part.len() > MAX_RUN) || has_jwt(run)
}

/// Returns whether a possibly truncated JWT begins in `run`: at its start, after a punctuation character, or after a
/// percent-encoded character.
fn has_jwt(run: &str) -> bool {
    run.match_indices(JWT).any(|(at, _)| {
        let (before, token) = run.split_at(at);
        let begins = !before.ends_with(|c: char| c.is_ascii_alphanumeric())
            || before.as_bytes().iter().rev().nth(2) == Some(&b'%');
        begins && token.len() > SHORTEST_JWT
    })
}

/// Removes session tokens. They contain slashes, like ARNs, so they are recognized by their beginning.
fn without_session_tokens(line: &str) -> String {
    let mut clean = line.to_owned();
    for prefix in SESSION_TOKENS {
        while let Some(start) = clean.find(prefix) {
            let tail = clean.split_at(start).1;
            let length = tail.find(|c: char| !is_token_char(c) && c != '/');
            let end = start + length.unwrap_or(tail.len());
            clean.replace_range(start..end, REDACTED);
        }
    }
    clean
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{} [cut]", text.split_at(end).0),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_names_in_messages_of_aws() {
        for text in [
            "No OpenIDConnect provider found in your account for https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            "User: arn:aws:sts::123456789012:assumed-role/app-role/keycloak-7c9d8b6f5d-x2x4z is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/team/db",
            "role keyJanitor-production-role-name of session monkeyJungle",
            "Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240",
        ] {
            assert_eq!(scrub(text, &[]), text);
        }
    }

    #[test]
    fn removes_a_token_from_a_validation_error() {
        let jwt = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "aB3_".repeat(86));
        let text = format!("1 validation error detected: Value '{jwt}' at 'webIdentityToken'");
        assert_eq!(
            scrub(&text, &[]),
            "1 validation error detected: Value '[redacted]' at 'webIdentityToken'"
        );
    }

    #[test]
    fn removes_truncated_and_partial_tokens() {
        let sent = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "aB3_".repeat(86));
        for (text, secrets) in [
            ("token=eyJhbGciOiJSUzI1NiJ9.eyJz", &[][..]),
            ("token%3DeyJhbGciOiJSUzI1NiJ9.eyJz", &[]),
            ("'eyJhbGciOiJSUzI1NiJ9.eyJz...'", &[]),
            (
                "x-amz-security-token:IQoJb3JpZ2luX2VjEAAaCmV1/c2VudHJhbC0x",
                &[],
            ),
            ("...aB3_aB3_aB3_aB3_", &[sent.as_str()]),
            ("...aB3_aB3_aB3_\naB3_aB3_aB3_", &[sent.as_str()]),
        ] {
            let clean = scrub(text, secrets);
            assert!(clean.contains(REDACTED), "{clean}");
            for part in ["eyJh", "IQoJ", "c2Vu", "aB3_"] {
                assert!(!clean.contains(part), "{clean}");
            }
        }
    }

    #[test]
    fn returns_one_line_of_limited_length() {
        let clean = scrub(&"line\n\u{1b}[31m ".repeat(1000), &[]);
        assert!(clean.chars().count() <= MAX_TEXT + " [cut]".len());
        assert!(!clean.chars().any(char::is_control));
    }

    proptest! {
        #[test]
        fn no_known_secret_survives(
            before in "[ -~]{0,40}",
            secret in "[A-Za-z0-9/+]{16,120}",
            after in "[ -~]{0,40}",
        ) {
            let clean = scrub(&[before, secret.clone(), after].concat(), &[&secret]);
            prop_assert!(!clean.contains(&secret));
        }

        #[test]
        fn no_long_run_survives(run in "[A-Za-z0-9_-]{65,400}") {
            let clean = scrub(&format!("token '{run}' refused"), &[]);
            prop_assert!(!clean.contains(&run));
        }
    }
}
