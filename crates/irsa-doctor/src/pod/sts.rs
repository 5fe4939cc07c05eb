//! STS: whether it is there, what it says of the token link by link, and who it says we are.

mod answer;
mod exchange;

pub(super) use answer::{CLOCK, REACHABLE};
pub(super) use exchange::{
    AUDIENCE, CALLER, ISSUER, KEYS, REQUEST, ROLE_CHAIN, SESSION, Stage, TRUST, stage_of,
};
