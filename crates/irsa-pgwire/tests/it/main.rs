//! Properties that hold for all messages, all bytes and all ways to split a stream.

#![allow(missing_docs, reason = "tests")]

mod framing;
mod hostile_bytes;
mod round_trips;
mod scram_exchange;
mod start_up;
mod strategies;
