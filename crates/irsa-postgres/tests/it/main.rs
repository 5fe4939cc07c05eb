//! The proxy between a client and a server that speak the protocol byte by byte.
//!
//! `server` is a PostgreSQL server that does as its script says, `client` the client's side,
//! `proxy` what stands between them. Both ends of a session are [`wire::Wire`]s in the test's
//! hands, so that a test says what each of them sends and what the other one sees.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on should stop"
)]

mod client;
mod encryption;
mod process;
mod proxy;
mod server;
mod wire;

mod backpressure;
mod beginnings;
mod cancel;
mod certificates;
mod crowds;
mod departures;
mod endings;
mod giant_rows;
mod hostile_beginnings;
mod login;
mod panics;
mod parameters;
mod real_client;
mod refusals;
mod relay;
mod scram;
mod second_attempts;
mod secrets;
mod server_faults;
mod server_tls;
mod shutdown;
mod shutdown_outcome;
mod sqlstates;
mod tls_closing;
mod token_retry;
mod unauthenticated;
mod unix_user;
mod versions;
