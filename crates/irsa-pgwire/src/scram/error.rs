//! Errors of an exchange.

/// The reason why an exchange failed. Its text never contains nonces or keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// The client selected a mechanism other than SCRAM-SHA-256.
    #[error("the client selected a SASL mechanism that was not offered")]
    UnknownMechanism,
    /// A message violates the RFC.
    #[error("malformed SCRAM message: {0}")]
    Malformed(&'static str),
    /// The client requires binding to the TLS channel.
    #[error("the client requires channel binding, which was not offered")]
    ChannelBindingRequired,
    /// The channel binding in the client's last message differs from its first message.
    #[error("the channel binding differs from the one in the client's first message")]
    ChannelBindingMismatch,
    /// The client requests to act as a different user.
    #[error("the client sent an authorization identity, which is not supported")]
    AuthorizationIdentity,
    /// The message has an extension that must not be ignored.
    #[error("the message requires an extension that is not supported")]
    MandatoryExtension,
    /// The message belongs to a different exchange.
    #[error("the nonce does not belong to this exchange")]
    NonceMismatch,
    /// The iteration count is out of range.
    #[error("the iteration count {0} is not in the range 1 to 1000000")]
    Iterations(u32),
    /// The client's proof is wrong, or the user does not exist.
    #[error("the password is wrong")]
    WrongPassword,
    /// The server's signature is wrong: the server does not know the user's verifier.
    #[error("the server's signature is wrong: it does not know the password")]
    WrongSignature,
    /// The server rejected the exchange.
    #[error("the server rejected the exchange: `{0}`")]
    Rejected(String),
}

/// The error for a text that is not a verifier. It does not contain the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SCRAM verifier of the form `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`")]
pub struct VerifierError;
