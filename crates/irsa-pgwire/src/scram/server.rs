//! The server's side of an exchange.

use std::fmt;

use bytes::Bytes;

use super::attributes::{Attributes, encode, nonce, text};
use super::keys::Key;
use super::{MECHANISM, NONCE, ScramError, Verifier};
use crate::frontend::SaslInitialResponse;

/// An exchange that awaits the client's proof.
pub struct ServerExchange {
    verifier: Verifier,
    gs2_header: &'static str,
    client_first_bare: String,
    server_first: String,
    nonce: String,
}

/// What a client's first message says.
struct ClientFirst<'a> {
    gs2_header: &'static str,
    bare: &'a str,
    nonce: &'a str,
}

// === impl ServerExchange ===

impl ServerExchange {
    /// Takes the client's first message. `nonce` must be random and used once.
    ///
    /// # Errors
    /// Another mechanism, no first message, or one that PostgreSQL would refuse too.
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

    /// The data of AuthenticationSASLContinue.
    pub fn challenge(&self) -> Bytes {
        Bytes::copy_from_slice(self.server_first.as_bytes())
    }

    /// Takes the client's last message and returns the data of AuthenticationSASLFinal: the client
    /// knows the password.
    ///
    /// # Errors
    /// A malformed message, one of another exchange, or a wrong password.
    pub fn finish(self, message: &[u8]) -> Result<Bytes, ScramError> {
        let message = text(message)?;
        let (without_proof, proof) = message
            .rsplit_once(",p=")
            .ok_or(ScramError::Malformed("its proof is missing"))?;
        self.check_repeated(without_proof)?;
        let proof = Key::from_base64(proof).ok_or(ScramError::Malformed("its proof is no key"))?;
        let signed = [&self.client_first_bare, &self.server_first, without_proof].join(",");
        let key = proof.xor(&self.verifier.stored_key.sign(signed.as_bytes()));
        let proven = key.stored_key().is(&self.verifier.stored_key);
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

    /// Checks that the client repeats its channel binding and the whole nonce.
    fn check_repeated(&self, without_proof: &str) -> Result<(), ScramError> {
        let mut attributes = Attributes::of(without_proof);
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
            // It could bind, and believes that the server can't: which is so.
            "y" => "y,,",
            _ if binding.starts_with("p=") => return Err(ScramError::ChannelBindingWanted),
            _ => return Err(malformed),
        };
        let bare = match rest.split_once(',') {
            Some(("", bare)) => bare,
            Some((identity, _)) if identity.starts_with("a=") => {
                return Err(ScramError::AuthorizationIdentity);
            }
            _ => return Err(malformed),
        };
        let mut attributes = Attributes::of(bare);
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
