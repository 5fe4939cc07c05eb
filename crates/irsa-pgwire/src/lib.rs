//! PostgreSQL's wire protocol: framing, startup, authentication, SCRAM, errors.
//!
//! All functions work on buffers: there are no sockets, no clock, no randomness and no logging. A parser returns
//! `Ok(None)` if it needs more bytes and an error if more bytes cannot help; it never panics. Writers append whole
//! messages, including the header, to a [`bytes::BytesMut`].
//!
//! The rules are those of PostgreSQL's documentation, chapter "Frontend/Backend Protocol".
//!
//! # Strings
//! Strings of the protocol are terminated by a zero byte and cannot contain one. Every writer truncates a string at its
//! first zero byte, because the server would otherwise read the rest as the next field.

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
/// libpq ensures 8 KiB of free buffer before each read. Its non-blocking functions do not notice the rest of a larger
/// record, and the client then waits for data that it already has ("libpq: Process buffered SSL read bytes to support
/// records >8kB on async API", pgsql-hackers, 2024-09-08). PostgreSQL's own send buffer has this size.
pub const MAX_TLS_RECORD: usize = 8192;
