//! Server and client of SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL implements it.
//!
//! Channel binding is not supported. The user name in the exchange is ignored, because the startup packet names the
//! user. The caller provides nonces and salts, because this crate has no source of randomness.
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

/// The SASL name of the mechanism.
pub const MECHANISM: &str = "SCRAM-SHA-256";

/// The number of random bytes in a nonce, as in PostgreSQL.
pub const NONCE: usize = 18;

/// The maximum size of a message in bytes, as PostgreSQL's `PG_MAX_SASL_MESSAGE_LENGTH`.
pub const MAX_MESSAGE: usize = 1024;

/// The maximum number of hash iterations. It limits the time that a server can keep a client busy to about a second.
pub const MAX_ITERATIONS: u32 = 1_000_000;

/// PostgreSQL's default iteration count (`scram_iterations`).
pub const DEFAULT_ITERATIONS: u32 = 4096;
