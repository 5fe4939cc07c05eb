//! Links broken on purpose, and what each application and irsa say of it.
//!
//! A table has a row for each of its faults, which are those of the lab's catalogue ([`irsa_lab::faults::catalogue`]): an
//! application is started with one link broken, once with its own signing and once through irsa, and the row has what a
//! person would read in each. `cargo xtask guides` runs everything and writes the tables into `docs/guides`; tests run
//! some of the faults and compare.
//!
//! [`database`] breaks links on the way to a database, [`search`] on the way to an OpenSearch domain. Each has its ten
//! faults and `table`, which runs an application through all of them.

pub mod database;
mod mechanism;
pub mod search;
mod table;
pub mod words;

use irsa_lab::faults::Fault;

pub use table::{committed, write};

/// What was said of a fault, as a line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The fault.
    pub fault: &'static Fault,
    /// What the application's log shows in its own way.
    pub own: Said,
    /// What irsa says.
    pub irsa: Said,
}

/// What a person reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// These words.
    Words(String),
    /// Nothing: it runs, and this is what it runs as.
    Nothing(String),
}
