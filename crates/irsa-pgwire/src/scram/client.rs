//! The client side of an exchange.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::attributes::{Attributes, decode, encode, nonce, number, text};
use super::keys::Key;
use super::verifier::check_iterations;
use super::{NONCE, ScramError};

/// The GS2 header for no channel binding and no authorization identity.
const GS2_HEADER: &str = "n,,";

/// An exchange that waits for the server's challenge.
pub struct ClientExchange {
    password: Zeroizing<Vec<u8>>,
    nonce: String,
    first_bare: String,
}

/// The signature that the server must send.
#[derive(Debug)]
pub struct AwaitedSignature(Key);

/// The server's first message.
struct Challenge<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
}

// === impl ClientExchange ===

impl ClientExchange {
    /// Begins an exchange for the user that the startup packet names. `nonce` must be random and used only once.
    pub fn begin(password: &[u8], nonce: &[u8; NONCE]) -> Self {
        Self::with_nonce("", password, encode(nonce))
    }

    /// Returns the response for SASLInitialResponse.
    pub fn first_message(&self) -> Bytes {
        format!("{GS2_HEADER}{}", self.first_bare).into()
    }

    /// Processes the data of AuthenticationSASLContinue. Returns the data for SASLResponse and the signature that the
    /// server must answer with.
    ///
    /// # Errors
    /// Fails if the message is malformed, belongs to a different exchange, or requests more iterations than
    /// [`MAX_ITERATIONS`](super::MAX_ITERATIONS).
    pub fn answer(self, challenge: &[u8]) -> Result<(Bytes, AwaitedSignature), ScramError> {
        let server_first = text(challenge)?;
        let challenge = Challenge::parse(server_first)?;
        let server_part = challenge.nonce.strip_prefix(&self.nonce);
        if server_part.is_none_or(str::is_empty) {
            return Err(ScramError::NonceMismatch);
        }
        let without_proof = format!("c={},r={}", encode(GS2_HEADER), challenge.nonce);
        let signed = [&self.first_bare, server_first, &without_proof].join(",");
        let salted = Key::salted_password(&self.password, &challenge.salt, challenge.iterations);
        let client_key = salted.client_key();
        let proof = client_key.xor(&client_key.stored_key().sign(signed.as_bytes()));
        let answer = format!("{without_proof},p={}", proof.to_base64());
        let awaited = salted.server_key().sign(signed.as_bytes());
        Ok((answer.into(), AwaitedSignature(awaited)))
    }

    fn with_nonce(user: &str, password: &[u8], nonce: String) -> Self {
        Self {
            password: Zeroizing::new(password.to_vec()),
            first_bare: format!("n={user},r={nonce}"),
            nonce,
        }
    }
}

impl fmt::Debug for ClientExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientExchange").finish_non_exhaustive()
    }
}

// === impl AwaitedSignature ===

impl AwaitedSignature {
    /// Verifies the data of AuthenticationSASLFinal. Until then the server is not authenticated.
    ///
    /// # Errors
    /// Fails if the message is malformed, the signature is wrong, or the server rejected the exchange.
    pub fn verify(self, outcome: &[u8]) -> Result<(), ScramError> {
        let outcome = text(outcome)?;
        if let Some(reason) = outcome.strip_prefix("e=") {
            return Err(ScramError::Rejected(reason.escape_debug().to_string()));
        }
        let mut attributes = Attributes::new(outcome);
        let signature = Key::from_base64(attributes.expect('v', "its signature is missing")?);
        attributes.skip_extensions('v')?;
        match signature {
            Some(signature) if signature.equals(&self.0) => Ok(()),
            Some(_) => Err(ScramError::WrongSignature),
            None => Err(ScramError::Malformed(
                "its signature is not a 32-byte key in base64",
            )),
        }
    }
}

// === impl Challenge ===

impl<'a> Challenge<'a> {
    fn parse(message: &'a str) -> Result<Self, ScramError> {
        let mut attributes = Attributes::new(message);
        let nonce = nonce(attributes.expect('r', "its nonce is missing")?)?;
        let salt = decode(attributes.expect('s', "its salt is missing")?)
            .filter(|salt| !salt.is_empty())
            .ok_or(ScramError::Malformed("its salt is not base64"))?;
        let iterations = number(attributes.expect('i', "its iteration count is missing")?)
            .ok_or(ScramError::Malformed("its iteration count is not a number"))?;
        check_iterations(iterations)?;
        attributes.skip_extensions('r')?;
        Ok(Self {
            nonce,
            salt,
            iterations,
        })
    }
}

#[cfg(test)]
mod tests;
