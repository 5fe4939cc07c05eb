//! Takes secrets out of text that came from outside.
//!
//! STS quotes what it was sent: a validation error repeats the web identity token, a signature
//! mismatch repeats the canonical request with the session token in it.

/// The longest text that is passed on, in characters.
const MAX_TEXT: usize = 600;

/// The longest unbroken run of token characters that is passed on. A role session's name has at
/// most 64; a JWT's signature has at least 86.
const MAX_RUN: usize = 64;

pub(crate) const REDACTED: &str = "[redacted]";

/// `text` in one line, without `secrets`, without what looks like a JWT or another long token, cut
/// to a length that a log line bears.
pub fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        clean = clean.replace(secret, REDACTED);
    }
    let line: String = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&without_tokens(&line))
}

fn without_tokens(line: &str) -> String {
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

/// A JWT's header is a JSON object, so that its base64 begins with `eyJ`.
fn is_secret_run(run: &str) -> bool {
    run.split('.').any(|part| part.len() > MAX_RUN) || (run.starts_with("eyJ") && run.len() > 20)
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
    fn keeps_what_aws_says_about_names() {
        for text in [
            "No OpenIDConnect provider found in your account for https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            "User: arn:aws:sts::123456789012:assumed-role/app-role/keycloak-7c9d8b6f5d-x2x4z is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/team/db",
            "Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240",
        ] {
            assert_eq!(scrub(text, &[]), text);
        }
    }

    #[test]
    fn takes_out_a_token_that_a_validation_error_quotes() {
        let jwt = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "aB3_".repeat(86));
        let text = format!("1 validation error detected: Value '{jwt}' at 'webIdentityToken'");
        assert_eq!(
            scrub(&text, &[]),
            "1 validation error detected: Value '[redacted]' at 'webIdentityToken'"
        );
    }

    #[test]
    fn makes_one_line_of_bounded_length() {
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
