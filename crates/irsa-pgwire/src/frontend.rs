//! Messages that the client sends. Each file parses the body of one message and writes the whole message.
//!
//! Three of the messages share a tag ([`PASSWORD_MESSAGE`]): the server's preceding request determines which one it is.

mod copy_fail;
mod password;
mod query;
mod sasl_initial_response;
mod sasl_response;
mod terminate;

pub use copy_fail::{COPY_FAIL, copy_fail};
pub use password::{parse_password, password};
pub use query::{QUERY, parse_query, query};
pub use sasl_initial_response::{SaslInitialResponse, sasl_initial};
pub use sasl_response::sasl_response;
pub use terminate::{TERMINATE, terminate};

/// The tag of PasswordMessage, SASLInitialResponse, SASLResponse and GSSResponse.
pub const PASSWORD_MESSAGE: u8 = b'p';
