//! Properties of all messages, of arbitrary bytes, and of arbitrarily split streams.

#![expect(clippy::unwrap_used, reason = "test helpers may panic, as tests may")]

mod framing;
mod hostile_bytes;
mod round_trips;
mod scram_exchange;
mod start_up;
mod strategies;
