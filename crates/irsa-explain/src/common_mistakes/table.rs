//! The table.

mod condition;
mod principal;
mod resource;

use super::CommonMistake;

/// Every common mistake. Of each value, the first entry that applies is reported.
pub fn table() -> impl Iterator<Item = &'static CommonMistake> {
    let all = [principal::ENTRIES, resource::ENTRIES, condition::ENTRIES];
    all.into_iter().flatten()
}
