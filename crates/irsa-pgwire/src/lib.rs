//! PostgreSQL's bytes: frames, start-up, authentication, SCRAM, errors.
//!
//! Functions over buffers: no sockets, no clock, no randomness, no logging. A parser returns
//! `Ok(None)` where more bytes are needed, an error where no further byte could help, and never
//! panics. Writers append whole messages, header included, to a [`bytes::BytesMut`].
//!
//! The source of the rules is PostgreSQL's documentation, chapter "Frontend/Backend Protocol".
//!
//! # Strings
//! The protocol ends its strings with a zero byte, so none can hold one. Every writer cuts a
//! string at its first zero byte: what follows could otherwise pass for the next field.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

pub mod backend;
pub mod error_response;
pub mod frame;
pub mod frontend;
pub mod scram;
pub mod sqlstate;
pub mod startup;

mod message_error;
mod reader;
mod writer;

pub use message_error::MessageError;

/// The largest plaintext of a TLS record that a server may send, in bytes.
///
/// libpq makes room for 8 KiB before each read. Its non-blocking functions do not notice what a larger record still holds,
/// so that a client waits for data that it already has ("libpq: Process buffered SSL read bytes to support records >8kB
/// on async API", pgsql-hackers, 2024-09-08). PostgreSQL's own send buffer has this size.
pub const MAX_TLS_RECORD: usize = 8192;
