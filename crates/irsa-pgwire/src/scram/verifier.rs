//! What a server stores instead of a password.

use std::fmt;
use std::str::FromStr;

use super::attributes::{decode, encode, number};
use super::keys::{self, Key};
use super::{MAX_ITERATIONS, MECHANISM, ScramError, VerifierError};

/// PostgreSQL's length of a salt.
const SALT: usize = 16;
/// The largest count that PostgreSQL stores.
const MAX_STORED_ITERATIONS: u32 = i32::MAX.unsigned_abs();

/// A SCRAM verifier, as in `pg_authid.rolpassword`. `Debug` shows none of it.
#[derive(Clone)]
pub struct Verifier {
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    pub(super) stored_key: Key,
    pub(super) server_key: Key,
    /// Whether a right password exists at all.
    pub(super) genuine: bool,
}

// === impl Verifier ===

impl Verifier {
    /// The verifier of a password. PostgreSQL takes 16 random bytes of salt and
    /// [`DEFAULT_ITERATIONS`](super::DEFAULT_ITERATIONS).
    ///
    /// # Errors
    /// No salt, no iterations, or more than [`MAX_ITERATIONS`].
    pub fn from_password(
        password: &[u8],
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, ScramError> {
        if salt.is_empty() {
            return Err(ScramError::Malformed("its salt is empty"));
        }
        check_iterations(iterations)?;
        let salted = Key::salted_password(password, salt, iterations);
        Ok(Self {
            iterations,
            salt: salt.to_vec(),
            stored_key: salted.client_key().stored_key(),
            server_key: salted.server_key(),
            genuine: true,
        })
    }

    /// A verifier that no password matches, for a user who does not exist: the exchange goes its
    /// way and fails at its end, so it does not tell who exists.
    ///
    /// `secret` must be random and stay the same while the process lives, or the salt, which a real
    /// user keeps, would give it away. So would a count of `iterations` that real users don't have.
    pub fn mock(user: &str, secret: &[u8], iterations: u32) -> Self {
        let key = keys::sign(secret, user.as_bytes());
        Self {
            iterations,
            salt: key.as_bytes().iter().copied().take(SALT).collect(),
            stored_key: key.sign(b"stored"),
            server_key: key.server_key(),
            genuine: false,
        }
    }

    /// How often the password is hashed.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Whether this is the verifier of `password`, for exchanges other than SCRAM's in which the
    /// client shows the password itself. Takes as long for a mock, which no password matches.
    pub fn matches(&self, password: &[u8]) -> bool {
        let salted = Key::salted_password(password, &self.salt, self.iterations);
        salted.client_key().stored_key().is(&self.stored_key) && self.genuine
    }

    /// The text that PostgreSQL stores. Whoever has it can pass for the server, and can guess
    /// passwords offline.
    pub fn expose(&self) -> String {
        let salt = encode(&self.salt);
        let (stored, server) = (self.stored_key.to_base64(), self.server_key.to_base64());
        format!("{MECHANISM}${}:{salt}${stored}:{server}", self.iterations)
    }
}

impl FromStr for Verifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(VerifierError)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

pub(super) fn check_iterations(iterations: u32) -> Result<(), ScramError> {
    if (1..=MAX_ITERATIONS).contains(&iterations) {
        Ok(())
    } else {
        Err(ScramError::Iterations(iterations))
    }
}

fn parse(text: &str) -> Option<Verifier> {
    let rest = text.strip_prefix(MECHANISM)?.strip_prefix('$')?;
    let (hashing, keys) = rest.split_once('$')?;
    let (iterations, salt) = hashing.split_once(':')?;
    let (stored_key, server_key) = keys.split_once(':')?;
    Some(Verifier {
        iterations: number(iterations)
            .filter(|count| (1..=MAX_STORED_ITERATIONS).contains(count))?,
        salt: decode(salt).filter(|salt| !salt.is_empty())?,
        stored_key: Key::from_base64(stored_key)?,
        server_key: Key::from_base64(server_key)?,
        genuine: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677's password, salt and count; the keys follow from them.
    const STORED: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
                          WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
                          wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    #[test]
    fn makes_the_verifier_that_postgresql_stores() {
        let salt = decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::from_password(b"pencil", &salt, 4096).unwrap();
        assert_eq!(verifier.expose(), STORED);
    }

    #[test]
    fn reads_what_it_writes() {
        let verifier: Verifier = STORED.parse().unwrap();
        assert_eq!(verifier.expose(), STORED);
    }

    #[test]
    fn rejects_what_is_no_verifier() {
        let huge_count = STORED.replace("4096", "4294967296");
        let negative = STORED.replace("4096", "-1");
        let signed = STORED.replace("4096", "+4096");
        let zero = STORED.replace("4096", "0");
        let no_salt = STORED.replace("W22ZaJ0SNY7soEsUEjb6gQ==", "");
        let short_key = STORED.replace("WG5d", "");
        let long_key = format!("{STORED}AAAA");
        for text in [
            "",
            "md5d41d8cd98f00b204e9800998ecf8427e",
            "SCRAM-SHA-256$",
            "SCRAM-SHA-256$4096:a$b",
            &huge_count,
            &negative,
            &signed,
            &zero,
            &no_salt,
            &short_key,
            &long_key,
        ] {
            assert_eq!(
                text.parse::<Verifier>().err(),
                Some(VerifierError),
                "{text}"
            );
        }
    }

    #[test]
    fn matches_its_own_password_only() {
        let verifier: Verifier = STORED.parse().unwrap();
        assert!(verifier.matches(b"pencil"));
        assert!(!verifier.matches(b"pencils"));
        let mock = Verifier::mock("user", b"secret", 4096);
        assert!(!mock.matches(b"") && !mock.matches(b"pencil"));
    }

    #[test]
    fn bounds_the_iterations() {
        for iterations in [0, MAX_ITERATIONS + 1, u32::MAX] {
            let error = Verifier::from_password(b"secret", b"salt", iterations).unwrap_err();
            assert_eq!(error, ScramError::Iterations(iterations));
        }
    }

    #[test]
    fn mocks_the_same_salt_for_the_same_user() {
        let mock = |user| Verifier::mock(user, b"process secret", 4096).salt;
        assert_eq!(mock("alice"), mock("alice"));
        assert_ne!(mock("alice"), mock("bob"));
        assert_eq!(mock("alice").len(), SALT);
    }

    #[test]
    fn hides_itself() {
        let verifier: Verifier = STORED.parse().unwrap();
        assert_eq!(format!("{verifier:?}"), "Verifier { .. }");
    }
}
