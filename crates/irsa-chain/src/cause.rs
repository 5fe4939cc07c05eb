//! The causes that break a link, each with a summary and a remedy.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::text::text_type;
use crate::{Link, ParseError};

/// Makes [`Cause`] and its table from rows of id, variant, link, summary and remedy.
macro_rules! causes {
    ($($id:literal $variant:ident $link:ident { $summary:literal $remedy:literal })+) => {
        /// The cause of a broken link.
        ///
        /// Errors of the proxy, findings of the doctor and denials of the lab all use these causes, so that users can
        /// look up what one of them reports in the others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $(#[doc = concat!("`", $id, "`: ", $summary, ".")] $variant,)+
        }

        impl Cause {
            /// All causes, in the chain's order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub(super) const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        id: $id,
                        link: Link::$link,
                        summary: $summary,
                        remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

mod table;
#[cfg(test)]
mod tests;

pub use table::Cause;

/// One row of the table.
struct Row {
    id: &'static str,
    link: Link,
    summary: &'static str,
    remedy: &'static str,
}

impl Cause {
    /// The stable name, such as `trust-subject-mismatch`.
    pub const fn id(self) -> &'static str {
        self.row().id
    }

    /// The link that this cause breaks.
    pub const fn link(self) -> Link {
        self.row().link
    }

    /// The fault in one line: lower case, no full stop.
    pub const fn summary(self) -> &'static str {
        self.row().summary
    }

    /// The remedy in one line. Words in capitals (`ROLE`, `CLUSTER`) are placeholders.
    pub const fn remedy(self) -> &'static str {
        self.row().remedy
    }

    /// The causes that break `link`.
    pub fn all_for(link: Link) -> impl Iterator<Item = Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(move |cause| cause.link() == link)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl FromStr for Cause {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let expected = "the id of a cause, such as token-expired";
        Self::ALL
            .iter()
            .copied()
            .find(|cause| cause.id() == text)
            .ok_or_else(|| ParseError::new("a known cause", text, expected))
    }
}

text_type!(Cause);

/// All causes as Markdown: a heading and a table for each link, for the documentation.
pub fn markdown_table() -> String {
    Link::ALL.map(markdown_section).join("\n")
}

fn markdown_section(link: Link) -> String {
    let mut section = format!(
        "## {}\n\n| cause | what is wrong | what to do |\n| --- | --- | --- |\n",
        link.title()
    );
    for cause in Cause::all_for(link) {
        let [summary, remedy] = [cause.summary(), cause.remedy()].map(escape_cell);
        _ = writeln!(section, "| `{cause}` | {summary} | {remedy} |");
    }
    section
}

/// Escapes bars, which end a cell of a Markdown table even within backticks.
fn escape_cell(text: &str) -> String {
    text.replace('|', "\\|")
}
