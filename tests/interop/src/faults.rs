//! Broken links, and the resulting errors of each application and of irsa.
//!
//! A table has a row for each of its faults, which are those of the lab's catalogue ([`irsa_lab::faults::catalogue`]):
//! an application is started with one link broken, once with its own signing and once through irsa, and the row has the
//! error that a user would see in each. `cargo xtask guides` runs everything and writes the tables into `docs/guides`;
//! tests run some of the faults and compare.
//!
//! [`database`] breaks links to a database, [`search`] links to an OpenSearch domain. Each has its ten faults and
//! `table`, which runs an application with all of them.

pub mod database;
mod mechanism;
pub mod search;
mod table;
pub mod words;

use irsa_lab::faults::Fault;

pub use table::{committed, write};

/// The errors of a fault, as a line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The fault.
    pub fault: &'static Fault,
    /// The application's log with its own signing.
    pub own: Said,
    /// irsa's error.
    pub irsa: Said,
}

/// The error that a user sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This text.
    Words(String),
    /// No error: the application runs, with this identity.
    Nothing(String),
}
