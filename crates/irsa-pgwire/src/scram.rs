//! SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL has it: server and client.
//!
//! Without channel binding. The user's name in the exchange is ignored, since the start-up packet
//! has told it. Nonces and salts come from the caller, who has the source of randomness.
//!
//! ```
//! use irsa_pgwire::frontend::SaslInitialResponse;
//! use irsa_pgwire::scram::{ClientExchange, MECHANISM, ServerExchange, Verifier};
//!
//! # fn main() -> Result<(), irsa_pgwire::scram::ScramError> {
//! let verifier = Verifier::from_password(b"secret", &[7; 16], 4096)?;
//! let client = ClientExchange::begin(b"secret", &[1; 18]);
//! let first = client.first_message();
//! let initial = SaslInitialResponse { mechanism: MECHANISM, response: Some(&first) };
//! let server = ServerExchange::begin(&verifier, &initial, &[2; 18])?;
//! let (proof, awaited) = client.answer(&server.challenge())?;
//! let signature = server.finish(&proof)?;
//! awaited.verify(&signature)?;
//! # Ok(())
//! # }
//! ```

mod attributes;
mod client;
mod error;
mod keys;
mod password;
mod server;
mod verifier;

pub use client::{AwaitedSignature, ClientExchange};
pub use error::{ScramError, VerifierError};
pub use server::ServerExchange;
pub use verifier::Verifier;

/// The mechanism's name in SASL.
pub const MECHANISM: &str = "SCRAM-SHA-256";

/// Bytes of randomness in a nonce, as many as PostgreSQL takes.
pub const NONCE: usize = 18;

/// The longest message that is read, as PostgreSQL's `PG_MAX_SASL_MESSAGE_LENGTH`.
pub const MAX_MESSAGE: usize = 1024;

/// The most iterations that a password is hashed with, so that no server can keep a client busy
/// for longer than about a second.
pub const MAX_ITERATIONS: u32 = 1_000_000;

/// PostgreSQL's own count, unless `scram_iterations` says otherwise.
pub const DEFAULT_ITERATIONS: u32 = 4096;
