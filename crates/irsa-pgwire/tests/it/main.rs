//! Properties that hold for all messages, all bytes and all ways to split a stream.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helper may panic, as the test itself may"
)]

mod framing;
mod hostile_bytes;
mod round_trips;
mod scram_exchange;
mod start_up;
mod strategies;
