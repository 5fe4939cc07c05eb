//! The projected token: its file, its form, its time, its audience and its service account.

mod mount;
pub(super) mod probe;
pub(super) mod steps;
