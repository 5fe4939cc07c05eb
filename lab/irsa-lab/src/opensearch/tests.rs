//! The steps of the front one by one, and the front over TLS before a test server.

mod authorize;
mod canonical;
mod client;
mod connections;
mod front;
mod grants;
mod query;
mod signature;
#[path = "../../tests/it/signing.rs"]
mod signing;
mod support;
