//! How a password is normalized before it is hashed.

use zeroize::Zeroizing;

/// The password after SASLprep (RFC 4013). One that is not UTF-8, or holds what SASLprep forbids,
/// stays as it is: so PostgreSQL does, since its passwords need not be UTF-8.
pub(super) fn prepared(password: &[u8]) -> Zeroizing<Vec<u8>> {
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
    fn normalizes_as_rfc_4013_shows() {
        for (password, wanted) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("e\u{301}", "\u{e9}"),
        ] {
            assert_eq!(*prepared(password.as_bytes()), wanted.as_bytes());
        }
    }

    #[test]
    fn leaves_alone_what_it_can_not_normalize() {
        for password in [&b"\x07"[..], b"\xff\xfe", "\u{627}1".as_bytes()] {
            assert_eq!(*prepared(password), password);
        }
    }
}
