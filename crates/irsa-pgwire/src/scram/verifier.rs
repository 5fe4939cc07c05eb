//! The SCRAM verifier that a server stores instead of a password.

use std::fmt;
use std::str::FromStr;

use super::attributes::{decode, encode, number};
use super::keys::{self, Key};
use super::{MAX_ITERATIONS, MECHANISM, ScramError, VerifierError};

/// The length of a salt in PostgreSQL, in bytes.
const SALT: usize = 16;
/// The maximum iteration count that PostgreSQL stores.
const MAX_STORED_ITERATIONS: u32 = i32::MAX.unsigned_abs();

/// A SCRAM verifier, as in `pg_authid.rolpassword`. `Debug` hides its content.
#[derive(Clone)]
pub struct Verifier {
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    pub(super) stored_key: Key,
    pub(super) server_key: Key,
    /// False for a mock, which no password matches.
    pub(super) genuine: bool,
}

// === impl Verifier ===

impl Verifier {
    /// Creates the verifier of a password. PostgreSQL uses 16 random bytes of salt and
    /// [`DEFAULT_ITERATIONS`](super::DEFAULT_ITERATIONS).
    ///
    /// # Errors
    /// Fails if the salt is empty or `iterations` is 0 or more than [`MAX_ITERATIONS`].
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

    /// Creates a verifier that no password matches, for a user that does not exist: the exchange fails only at its end,
    /// so it does not reveal whether the user exists.
    ///
    /// `secret` must be random and constant for the life of the process, and `iterations` must be a count that real
    /// users have. Otherwise the salt, which is constant for a real user, or the count would identify the mock.
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

    /// Returns the iteration count.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Returns whether this is the verifier of `password`, for authentication methods that send the password in clear
    /// text. Takes as long for a mock as for a real user.
    pub fn matches(&self, password: &[u8]) -> bool {
        let salted = Key::salted_password(password, &self.salt, self.iterations);
        salted.client_key().stored_key().equals(&self.stored_key) && self.genuine
    }

    /// Returns the text that PostgreSQL stores. Anyone who has it can impersonate the server and guess passwords
    /// offline.
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

    /// The verifier for the password, salt and iteration count of RFC 7677.
    const STORED: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
                          WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
                          wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    #[test]
    fn creates_the_verifier_that_postgresql_stores() {
        let salt = decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::from_password(b"pencil", &salt, 4096).unwrap();
        assert_eq!(verifier.expose(), STORED);
    }

    #[test]
    fn parses_its_own_text() {
        let verifier: Verifier = STORED.parse().unwrap();
        assert_eq!(verifier.expose(), STORED);
    }

    #[test]
    fn rejects_texts_that_are_not_verifiers() {
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
    fn limits_the_iterations() {
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
    fn debug_output_hides_its_content() {
        let verifier: Verifier = STORED.parse().unwrap();
        assert_eq!(format!("{verifier:?}"), "Verifier { .. }");
    }
}
