//! Credentials that the lab verifies like AWS: RDS tokens, signed requests, projected tokens.

mod fixture;
mod minted_token;
mod rds_token;
mod sts;

pub use minted_token::minted_token;
pub use rds_token::rds_token;
pub use sts::{sts_request, web_identity_token};
