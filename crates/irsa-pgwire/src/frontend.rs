//! Messages of the client: parse the body, write the whole message.
//!
//! One message, one file. Three of them share a tag ([`PASSWORD_MESSAGE`]): which one is meant
//! follows from what the server asked.

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
