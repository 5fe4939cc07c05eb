//! Tests of the proxy between raw clients and a scripted domain.
//!
//! `domain` is a TLS server that follows a script and records requests, `proxy` starts the proxy in front of it, and
//! `client` sends exact bytes.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on should stop"
)]

mod client;
mod domain;
mod h2_domain;
mod node;
mod panics;
mod proxy;

mod bodies;
mod crowded;
mod dead_connections;
mod endings;
mod errors;
mod expired_session;
mod forwarding;
mod guards;
mod h2;
mod hostile;
mod hygiene;
mod refusals;
mod responses;
mod retries;
mod routes;
mod secrets;
mod skew;
mod slow_readers;
mod tls;
mod traces;
mod unauthenticated;
mod unreadable;
mod web_pages;
