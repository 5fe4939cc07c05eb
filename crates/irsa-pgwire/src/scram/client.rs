//! The client's side of an exchange.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::attributes::{Attributes, decode, encode, nonce, number, text};
use super::keys::Key;
use super::verifier::check_iterations;
use super::{NONCE, ScramError};

/// No channel binding, no other identity.
const GS2_HEADER: &str = "n,,";

/// An exchange that awaits the server's challenge.
pub struct ClientExchange {
    password: Zeroizing<Vec<u8>>,
    nonce: String,
    first_bare: String,
}

/// The signature that the server must still show.
#[derive(Debug)]
pub struct AwaitedSignature(Key);

/// What a server's first message says.
struct Challenge<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
}

// === impl ClientExchange ===

impl ClientExchange {
    /// Begins an exchange for the user of the start-up packet. `nonce` must be random and used
    /// once.
    pub fn begin(password: &[u8], nonce: &[u8; NONCE]) -> Self {
        Self::with_nonce("", password, encode(nonce))
    }

    /// The response in SASLInitialResponse.
    pub fn first_message(&self) -> Bytes {
        format!("{GS2_HEADER}{}", self.first_bare).into()
    }

    /// Takes the data of AuthenticationSASLContinue, and returns that of SASLResponse together with
    /// what the server must answer to it.
    ///
    /// # Errors
    /// A malformed message, one of another exchange, or more iterations than
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
    /// Checks the data of AuthenticationSASLFinal. Until this has succeeded the server may be
    /// anyone, whatever it has said.
    ///
    /// # Errors
    /// A malformed message, a wrong signature, or the server's refusal.
    pub fn verify(self, outcome: &[u8]) -> Result<(), ScramError> {
        let outcome = text(outcome)?;
        if let Some(reason) = outcome.strip_prefix("e=") {
            return Err(ScramError::Refused(reason.escape_debug().to_string()));
        }
        let mut attributes = Attributes::of(outcome);
        let signature = Key::from_base64(attributes.expect('v', "its signature is missing")?);
        attributes.skip_extensions('v')?;
        match signature {
            Some(signature) if signature.is(&self.0) => Ok(()),
            Some(_) => Err(ScramError::WrongSignature),
            None => Err(ScramError::Malformed("its signature is no key")),
        }
    }
}

// === impl Challenge ===

impl<'a> Challenge<'a> {
    fn parse(message: &'a str) -> Result<Self, ScramError> {
        let mut attributes = Attributes::of(message);
        let nonce = nonce(attributes.expect('r', "its nonce is missing")?)?;
        let salt = decode(attributes.expect('s', "its salt is missing")?)
            .filter(|salt| !salt.is_empty())
            .ok_or(ScramError::Malformed("its salt is not base64"))?;
        let iterations = number(attributes.expect('i', "its iteration count is missing")?)
            .ok_or(ScramError::Malformed("its iteration count is no number"))?;
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
