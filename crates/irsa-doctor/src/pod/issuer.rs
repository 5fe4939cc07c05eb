//! The token's issuer: its discovery document, its keys, and the token's signature.

pub(super) mod probe;
mod signature;
pub(super) mod steps;
