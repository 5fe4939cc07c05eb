//! The parts of `deny.toml` that `cargo xtask lint` checks.
//!
//! Parses only the layout of our own file: one list entry on each line.

use std::fs;

use crate::failure::Failure;
use crate::workspace;

/// The rules for dependencies.
#[derive(Debug, Default)]
pub(super) struct Deny {
    /// Allowed SPDX licenses, including exceptions.
    pub(super) licenses: Vec<String>,
    /// Banned crates, each with its reason.
    pub(super) bans: Vec<(String, String)>,
    /// Versions, as `name@version`, that are allowed in addition to a different version.
    pub(super) skips: Vec<String>,
}

impl Deny {
    pub(super) fn read() -> Result<Self, Failure> {
        let path = workspace::root().join("deny.toml");
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        let deny = Self::parse(&text);
        if deny.licenses.is_empty() || deny.bans.is_empty() {
            return Err(Failure::new(
                "deny.toml has no `licenses.allow` or no `bans.deny` with an entry on each line",
            ));
        }
        Ok(deny)
    }

    fn parse(text: &str) -> Self {
        let mut deny = Self::default();
        for entry in entries(text, "[licenses]", "allow = [") {
            deny.licenses
                .extend(strings(entry).next().map(str::to_owned));
        }
        for entry in entries(text, "[bans]", "deny = [") {
            let mut strings = strings(entry).map(str::to_owned);
            deny.bans.extend(strings.next().zip(strings.next()));
        }
        for entry in entries(text, "[bans]", "skip = [") {
            deny.skips.extend(strings(entry).next().map(str::to_owned));
        }
        deny
    }
}

/// Returns the lines of a list in a section.
fn entries<'a>(text: &'a str, section: &'a str, list: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = text
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != section);
    lines
        .skip_while(move |line| *line != list)
        .skip(1)
        .take_while(|line| *line != "]")
}

/// Returns the strings in quotation marks.
fn strings(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_parsed_by_section() {
        let text = "[licenses]\nallow = [\n  \"MIT\",\n  \"A WITH B\",\n]\n[bans]\nx = \"warn\"\ndeny = [\n  \
                    { crate = \"a\", reason = \"b is used\" },\n]\nskip = [\n  \
                    { crate = \"c@1.0.0\", reason = \"d needs it\" },\n]\n";
        let deny = Deny::parse(text);
        assert_eq!(deny.licenses, ["MIT", "A WITH B"]);
        assert_eq!(deny.bans, [("a".to_owned(), "b is used".to_owned())]);
        assert_eq!(deny.skips, ["c@1.0.0"]);
    }

    #[test]
    fn our_own_file_is_parsed() {
        let deny = Deny::read().unwrap();
        assert!(deny.licenses.contains(&"Apache-2.0".to_owned()));
        assert!(deny.bans.iter().any(|(name, _)| name == "openssl"));
    }
}
