//! STS: whether it is there, what it says of the token link by link, and who it says we are.

mod answer;
mod caller;
mod checks;
mod exchange;

pub(super) use answer::{CLOCK, REACHABLE};
pub(super) use checks::{AUDIENCE, CALLER, ISSUER, KEYS, REQUEST, ROLE_CHAIN, SESSION, TRUST};
pub(super) use exchange::{Stage, stage_of};
