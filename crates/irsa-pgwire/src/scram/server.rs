//! The server side of an exchange.

use std::fmt;

use bytes::Bytes;

use super::attributes::{Attributes, encode, nonce, text};
use super::keys::Key;
use super::{MECHANISM, NONCE, ScramError, Verifier};
use crate::frontend::SaslInitialResponse;

/// An exchange that waits for the client's proof.
pub struct ServerExchange {
    verifier: Verifier,
    gs2_header: &'static str,
    client_first_bare: String,
    server_first: String,
    nonce: String,
}

/// The client's first message.
struct ClientFirst<'a> {
    gs2_header: &'static str,
    bare: &'a str,
    nonce: &'a str,
}

// === impl ServerExchange ===

impl ServerExchange {
    /// Begins an exchange with the client's first message. `nonce` must be random and used only once.
    ///
    /// # Errors
    /// Fails if the client selected a different mechanism or its first message is missing or invalid in PostgreSQL.
    pub fn begin(
        verifier: &Verifier,
        initial: &SaslInitialResponse<'_>,
        nonce: &[u8; NONCE],
    ) -> Result<Self, ScramError> {
        if initial.mechanism != MECHANISM {
            return Err(ScramError::UnknownMechanism);
        }
        let message = initial.response.ok_or(ScramError::Malformed(
            "the client's first message is missing",
        ))?;
        Self::with_nonce(verifier, message, &encode(nonce))
    }

    /// Returns the data for AuthenticationSASLContinue.
    pub fn challenge(&self) -> Bytes {
        Bytes::copy_from_slice(self.server_first.as_bytes())
    }

    /// Verifies the client's last message and returns the data for AuthenticationSASLFinal. On success the client has
    /// proved that it knows the password.
    ///
    /// # Errors
    /// Fails if the message is malformed or belongs to a different exchange, or the password is wrong.
    pub fn finish(self, message: &[u8]) -> Result<Bytes, ScramError> {
        let message = text(message)?;
        let (without_proof, proof) = message
            .rsplit_once(",p=")
            .ok_or(ScramError::Malformed("its proof is missing"))?;
        self.check_repeated(without_proof)?;
        let proof = Key::from_base64(proof).ok_or(ScramError::Malformed(
            "its proof is not a 32-byte key in base64",
        ))?;
        let signed = [&self.client_first_bare, &self.server_first, without_proof].join(",");
        let key = proof.xor(&self.verifier.stored_key.sign(signed.as_bytes()));
        let proven = key.stored_key().equals(&self.verifier.stored_key);
        if !(proven && self.verifier.genuine) {
            return Err(ScramError::WrongPassword);
        }
        let signature = self.verifier.server_key.sign(signed.as_bytes());
        Ok(format!("v={}", signature.to_base64()).into())
    }

    fn with_nonce(verifier: &Verifier, first: &[u8], nonce: &str) -> Result<Self, ScramError> {
        let first = ClientFirst::parse(text(first)?)?;
        let nonce = format!("{}{nonce}", first.nonce);
        let salt = encode(&verifier.salt);
        Ok(Self {
            gs2_header: first.gs2_header,
            client_first_bare: first.bare.to_owned(),
            server_first: format!("r={nonce},s={salt},i={}", verifier.iterations),
            verifier: verifier.clone(),
            nonce,
        })
    }

    /// Checks that the client repeats its channel binding and the full nonce.
    fn check_repeated(&self, without_proof: &str) -> Result<(), ScramError> {
        let mut attributes = Attributes::new(without_proof);
        if attributes.expect('c', "its channel binding is missing")? != encode(self.gs2_header) {
            return Err(ScramError::ChannelBindingMismatch);
        }
        if attributes.expect('r', "its nonce is missing")? != self.nonce {
            return Err(ScramError::NonceMismatch);
        }
        attributes.skip_extensions('p')
    }
}

impl fmt::Debug for ServerExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerExchange").finish_non_exhaustive()
    }
}

// === impl ClientFirst ===

impl<'a> ClientFirst<'a> {
    fn parse(message: &'a str) -> Result<Self, ScramError> {
        let malformed = ScramError::Malformed("its header is not `n,,` or `y,,`");
        let (binding, rest) = message.split_once(',').ok_or(malformed.clone())?;
        let gs2_header = match binding {
            "n" => "n,,",
            // The client supports channel binding and assumes that the server does not, which is correct.
            "y" => "y,,",
            _ if binding.starts_with("p=") => return Err(ScramError::ChannelBindingRequired),
            _ => return Err(malformed),
        };
        let bare = match rest.split_once(',') {
            Some(("", bare)) => bare,
            Some((identity, _)) if identity.starts_with("a=") => {
                return Err(ScramError::AuthorizationIdentity);
            }
            _ => return Err(malformed),
        };
        let mut attributes = Attributes::new(bare);
        attributes.expect('n', "its user name is missing")?;
        let nonce = nonce(attributes.expect('r', "its nonce is missing")?)?;
        attributes.skip_extensions('r')?;
        Ok(Self {
            gs2_header,
            bare,
            nonce,
        })
    }
}

#[cfg(test)]
mod tests;
