//! STS: whether it answers, what it says of the token link by link, and which role it says the caller has.

pub(super) mod probe;
pub(super) mod steps;
