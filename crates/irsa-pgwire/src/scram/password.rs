//! Normalization of passwords before hashing.

use zeroize::Zeroizing;

/// Normalizes a password with SASLprep (RFC 4013). A password that is not UTF-8 or contains prohibited characters stays
/// unchanged, as in PostgreSQL, whose passwords need not be UTF-8.
pub(super) fn saslprep(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let normalized = std::str::from_utf8(password)
        .ok()
        .and_then(|text| stringprep::saslprep(text).ok());
    Zeroizing::new(match normalized {
        Some(text) => text.into_owned().into_bytes(),
        None => password.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes_the_examples_of_rfc_4013() {
        for (password, wanted) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("e\u{301}", "\u{e9}"),
        ] {
            assert_eq!(*saslprep(password.as_bytes()), wanted.as_bytes());
        }
    }

    #[test]
    fn leaves_passwords_unchanged_that_it_cannot_normalize() {
        for password in [&b"\x07"[..], b"\xff\xfe", "\u{627}1".as_bytes()] {
            assert_eq!(*saslprep(password), password);
        }
    }
}
