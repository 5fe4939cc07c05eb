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
