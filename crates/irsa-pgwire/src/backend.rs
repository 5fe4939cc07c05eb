//! Messages that the server sends. Each file parses the body of one message and writes the whole message.
//!
//! The names are those of PostgreSQL's documentation, "Message Formats".

mod authentication;
mod backend_key_data;
mod command_complete;
mod negotiate_protocol_version;
mod parameter_status;
mod ready_for_query;

pub use authentication::{AUTHENTICATION, Authentication};
pub use backend_key_data::{BACKEND_KEY_DATA, backend_key_data, parse_backend_key_data};
pub use command_complete::{COMMAND_COMPLETE, CommandComplete, command_complete};
pub use negotiate_protocol_version::{NEGOTIATE_PROTOCOL_VERSION, NegotiateProtocolVersion};
pub use parameter_status::{PARAMETER_STATUS, ParameterStatus, parameter_status};
pub use ready_for_query::{
    READY_FOR_QUERY, TransactionStatus, parse_ready_for_query, ready_for_query,
};

pub use crate::error_response::{ERROR_RESPONSE, NOTICE_RESPONSE};
