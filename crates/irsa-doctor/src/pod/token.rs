//! The projected token: its file, format, validity period, audience and service account.

mod mount;
pub(super) mod probe;
pub(super) mod steps;
