//! Why an exchange fails.

/// An exchange that can't go on. Its text tells neither nonces nor keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// Another mechanism than SCRAM-SHA-256 was chosen.
    #[error("the client chose a SASL mechanism that was not offered")]
    UnknownMechanism,
    /// A message that is not what the RFC lets it be.
    #[error("malformed SCRAM message: {0}")]
    Malformed(&'static str),
    /// The client insists on binding to the TLS channel.
    #[error("the client wants channel binding, which was not offered")]
    ChannelBindingWanted,
    /// The client's last message does not repeat what its first said on channel binding.
    #[error("the channel binding is not the one that the exchange began with")]
    ChannelBindingMismatch,
    /// The client wants to act for somebody else.
    #[error("the client gave an authorization identity, which is not supported")]
    AuthorizationIdentity,
    /// An extension that must not be ignored.
    #[error("the exchange wants an extension that is not supported")]
    MandatoryExtension,
    /// A message of another exchange.
    #[error("the nonce is not the one of this exchange")]
    NonceMismatch,
    /// Too few or too many iterations.
    #[error("{0} iterations are asked for, where 1 to 1000000 are allowed")]
    Iterations(u32),
    /// The client's proof is wrong, or there is no such user.
    #[error("the password is wrong")]
    WrongPassword,
    /// The server's signature is wrong: it does not know the user's verifier.
    #[error("the server does not prove that it knows the password")]
    WrongSignature,
    /// The server ended the exchange.
    #[error("the server ended the exchange: `{0}`")]
    Refused(String),
}

/// A text that is no verifier. It is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SCRAM verifier, as `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`")]
pub struct VerifierError;
