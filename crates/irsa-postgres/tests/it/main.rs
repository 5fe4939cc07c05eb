//! Tests of the proxy between a client and a server that both run in the test.
//!
//! `server` is a PostgreSQL server that follows a script, `client` is the client side, and `proxy` is the proxy between
//! them. Both ends of a session are [`wire::Wire`]s, so a test controls what each side sends and checks what the other
//! one receives.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot continue should fail"
)]

mod client;
mod encryption;
mod process;
mod proxy;
mod server;
mod wire;

mod backpressure;
mod cancel;
mod certificates;
mod client_startup;
mod connection_limit;
mod disconnects;
mod large_messages;
mod login;
mod malformed_startup;
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
mod session_end;
mod shutdown;
mod shutdown_outcome;
mod sqlstates;
mod tls_closing;
mod token_retry;
mod unauthenticated;
mod unix_user;
mod versions;
