//! Renders a report, or those of a setup, as text, JSON or JUnit XML.
//!
//! Findings contain untrusted text from tokens, policies and servers. Rendering makes it harmless: it cannot move the
//! cursor, start a line, change the writing direction or leave its XML element.

mod chain;
mod json;
mod junit;
mod setup;
mod setup_json;
mod steps;
mod style;
mod text;
mod words;

pub use self::json::{SCHEMA, json};
pub use self::junit::{junit, setup_junit};
pub use self::setup::setup_text;
pub use self::setup_json::setup_json;
pub use self::steps::{Layout, layout};
pub use self::style::{Lines, Style, is_utf8};
pub use self::text::text;

use crate::{Check, Progress};

/// The progress of an examination, on one line.
pub fn line(progress: &Progress<'_>) -> String {
    match progress {
        Progress::Started(check) => format!("{}: {}", check.link.title(), check.question),
        Progress::Finished(finding) => {
            let subject = finding.subject.as_deref().map(words::printable);
            let subject = subject.map_or_else(String::new, |subject| format!(" ({subject})"));
            format!("{}{subject}: {}", finding.check.id, finding.verdict.title())
        }
    }
}

/// The section of the documentation about a check.
fn documentation(check: &Check) -> String {
    format!("docs/doctor/{}.md#{}", check.link.id(), check.id)
}
