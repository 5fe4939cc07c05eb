//! Messages of PostgreSQL clients and servers.

mod header;
mod message;
mod scram;
mod startup;

pub use header::message_header;
pub use message::{backend_message, frontend_message};
pub use scram::scram_exchange;
pub use startup::startup_packet;
