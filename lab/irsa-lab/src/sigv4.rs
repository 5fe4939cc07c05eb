//! Verification of AWS Signature Version 4. Pure: the time and the known sessions are arguments.
//!
//! Rules: IAM User Guide, "Create a signed AWS API request" and "Elements of an AWS API request signature". Nothing
//! here signs for a client, and no code is shared with the signers.

mod canonical;
mod encode;
mod fault;
mod key;
mod presigned;
mod request;
mod scope;
pub(crate) mod sentences;

pub use fault::SignatureFault;
pub use presigned::{Presigned, PresignedError};
pub use request::{Expected, SignedRequest, Target, expected, verify};
pub use scope::CredentialScope;

#[cfg(test)]
pub(crate) use scope::parse_amz_date;

#[cfg(test)]
mod tests;
