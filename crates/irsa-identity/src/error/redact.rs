//! Removes known secrets from text, completely or in part.

use std::collections::HashSet;

pub(crate) const REDACTED: &str = "[redacted]";

/// The minimum length of a part of a secret that is removed, in letters and digits. Shorter parts are useless to an
/// attacker, and could be ordinary words.
const PART: usize = 12;

/// A letter or digit of a text, with the bytes that encode it.
struct Significant {
    byte: u8,
    start: usize,
    end: usize,
}

/// Returns `text` without `secrets`, and without parts of them that have 12 or more letters and digits: a message from
/// outside can contain the beginning or the end of a token, break it into lines, or encode it for a URL.
pub(crate) fn redact(text: &str, secrets: &[&str]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        clean = clean.replace(secret, REDACTED);
        clean = without_parts(&clean, secret);
    }
    clean
}

fn without_parts(text: &str, secret: &str) -> String {
    let letters = |text: &str| -> Vec<u8> {
        let significant = significant(text);
        significant.iter().map(|letter| letter.byte).collect()
    };
    let (secret, found) = (letters(secret), letters(text));
    let parts: HashSet<&[u8]> = secret.windows(PART).collect();
    let is_part = |at: usize| {
        let part = found.get(at..at + PART);
        part.is_some_and(|part| parts.contains(part))
    };
    let positions = significant(text);
    let (mut clean, mut copied, mut at) = (String::new(), 0, 0);
    while at < positions.len() {
        if !is_part(at) {
            at += 1;
            continue;
        }
        let first = at;
        // The next part may begin within this one, or directly after it.
        let mut last = at + PART - 1;
        while at <= last + 1 {
            if is_part(at) {
                last = at + PART - 1;
            }
            at += 1;
        }
        let range = positions.get(first).zip(positions.get(last));
        if let Some((first, last)) = range {
            clean.push_str(text.get(copied..first.start).unwrap_or_default());
            clean.push_str(REDACTED);
            copied = last.end;
        }
    }
    clean + text.get(copied..).unwrap_or_default()
}

/// Returns the letters and digits of `text`, with percent-encoded characters decoded.
fn significant(text: &str) -> Vec<Significant> {
    let bytes = text.as_bytes();
    let mut letters = Vec::with_capacity(bytes.len());
    let mut start = 0;
    while let Some(first) = bytes.get(start) {
        let encoded = (*first == b'%').then(|| text.get(start + 1..start + 3));
        let decoded = encoded.flatten().and_then(hex);
        let (byte, end) = decoded.map_or((*first, start + 1), |byte| (byte, start + 3));
        if byte.is_ascii_alphanumeric() {
            letters.push(Significant { byte, start, end });
        }
        start = end;
    }
    letters
}

fn hex(digits: &str) -> Option<u8> {
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str =
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJlK29mL2FuLVJTQS1rZXk_YQ";

    #[test]
    fn any_part_of_a_secret_is_removed() {
        for part in [&TOKEN[..20], &TOKEN[21..40], &TOKEN[TOKEN.len() - 14..]] {
            let clean = redact(&format!("Value '{part}...' was wrong"), &[TOKEN]);
            assert_eq!(clean, "Value '[redacted]...' was wrong", "{part}");
        }
    }

    #[test]
    fn a_secret_in_another_form_is_removed() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY==";
        for form in [
            "wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY%3D%3D",
            "wJalrXUtnFEMI%2fK7MDENG%2bbPxRfiCYEXAMPLEKEY",
            "wJalrXUtnFEMI\\/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "wJalrXUtnFEMI/K7MDENG\n  +bPxRfiCYEXAMPLEKEY",
            "wJalrXUtnFEMI/K7M wJalrXUtnFEMI/K7M",
        ] {
            let clean = redact(&format!("key='{form}'"), &[secret]);
            let rest = clean.replace("%3D", "").replace("==", "");
            assert_eq!(rest, "key='[redacted]'", "{form}");
        }
    }

    #[test]
    fn other_text_is_kept() {
        for text in [
            "User: arn:aws:sts::123456789012:assumed-role/app-role/keycloak is not authorized",
            "100% of %zz and %2 and é%C3%A9",
            "",
        ] {
            assert_eq!(redact(text, &[TOKEN, "wJalrXUtnFEMI", "", "x%"]), text);
        }
    }

    proptest! {
        #[test]
        fn no_part_survives(
            secret in "[A-Za-z0-9+/=_.-]{30,200}",
            before in "[ -$&-~]{0,30}",
            after in "[ -~]{0,30}",
            cut in 0..20_usize,
        ) {
            let part = &secret[cut..];
            let clean = redact(&[before.as_str(), part, after.as_str()].concat(), &[&secret]);
            for window in part.as_bytes().windows(20).filter(|window| {
                window.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() >= PART
            }) {
                prop_assert!(!clean.contains(str::from_utf8(window).unwrap()), "{clean}");
            }
        }

        #[test]
        fn any_text_is_accepted(text in "\\PC*", secret in "\\PC{0,40}") {
            redact(&text, &[&secret]);
        }
    }
}
