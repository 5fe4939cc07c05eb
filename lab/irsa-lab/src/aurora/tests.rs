//! The front with a real PostgreSQL behind it, tested with a real client library and byte by byte.

mod client;
mod faults;
mod login;
mod protocol;
mod support;
