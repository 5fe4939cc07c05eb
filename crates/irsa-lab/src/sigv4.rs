//! AWS Signature Version 4, verified. Pure: the time and the known sessions are arguments.
//!
//! Rules: IAM User Guide, "Create a signed AWS API request" and "Elements of an AWS API request
//! signature". Nothing here signs for a client, and nothing is shared with what does.

mod canonical;
mod encode;
mod fault;
mod header;
mod key;
mod presigned;
mod scope;

pub use fault::SignatureFault;
pub use header::{Expected, SignedRequest, Target, credential, expected, missing_parts, verify};
pub use presigned::{Presigned, PresignedError};
pub use scope::CredentialScope;

pub(crate) use scope::amz_date;
#[cfg(test)]
pub(crate) use scope::parse_amz_date;

#[cfg(test)]
mod tests;
