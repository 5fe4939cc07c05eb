//! The specification of a setup, `irsa.yaml`: read, validated, checked against itself, and rendered.
//!
//! ```
//! use irsa_stack::{Document, Preset, Source, Target, check, render};
//!
//! let source = Source {
//!     name: "irsa.yaml".to_owned(),
//!     text: Preset::Camunda83.text().to_owned(),
//! };
//! let document = Document::read(vec![source])?;
//! let stack = document.stack(None)?;
//! assert!(check(&stack).is_right());
//! let files = render(&stack, Target::Sql, &document.names()).unwrap();
//! assert_eq!(files[0].path, "sql/aurora.sql");
//! # Ok::<(), irsa_stack::Mistakes>(())
//! ```
//!
//! The crate works on text only and opens no files.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

pub mod adopt;
mod check;
mod document;
mod hcl;
mod mistake;
mod outputs;
mod policies;
mod preset;
mod render;
mod resolve;
pub mod security_plugin;
mod shape;
mod specification;
pub mod sql;
pub mod stack;
mod tree;
mod yaml;

pub use self::check::{Action, Request, Row, Table, check};
pub use self::document::Document;
pub use self::mistake::{Mistakes, Source};
pub use self::outputs::{COMMAND as OUTPUTS_COMMAND, Outputs};
pub use self::preset::Preset;
pub use self::render::{
    File, Hook, Target, UserValues, VersionSet, render, render_with, set_up_of,
};
pub use self::shape::schema::json_schema;
pub use self::sql::ownership_mark;
pub use self::stack::{Injection, Stack};
pub use self::tree::MAX_FILE_BYTES;

#[cfg(test)]
mod tests;
