//! The table of common mistakes.

mod condition;
mod principal;
mod resource;

use super::CommonMistake;

/// All common mistakes. For each value, the first matching entry is reported.
pub fn table() -> impl Iterator<Item = &'static CommonMistake> {
    let all = [principal::ENTRIES, resource::ENTRIES, condition::ENTRIES];
    all.into_iter().flatten()
}
