//! A report for people and for programs.
//!
//! What findings say is partly the words of strangers: of tokens, policies, servers. Here it is made harmless: nothing
//! in it moves a cursor, begins a line, turns the direction of writing or leaves its XML element.

mod chain;
mod json;
mod junit;
mod style;
mod text;
mod words;

pub use self::json::{SCHEMA, json};
pub use self::junit::junit;
pub use self::style::{Lines, Style, is_utf8};
pub use self::text::text;

use crate::{Check, Progress};

/// What the walk tells, on one line.
pub fn line(progress: &Progress<'_>) -> String {
    match progress {
        Progress::Looking(check) => format!("{}: {}", check.link.title(), check.question),
        Progress::Found(finding) => {
            let of = finding.subject.as_deref().map(words::printable);
            let of = of.map_or_else(String::new, |subject| format!(" ({subject})"));
            format!("{}{of}: {}", finding.check.id, finding.verdict.title())
        }
    }
}

/// The section of the documentation that is about a check.
fn page_of(check: &Check) -> String {
    format!("docs/doctor/{}.md#{}", check.link.id(), check.id)
}
