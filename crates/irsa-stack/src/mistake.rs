//! Mistakes in a specification, with their location.

use std::fmt;
use std::ops::Range;

use irsa_chain::untrusted::printable;
use irsa_explain::snippet;
use irsa_policy::Position;
use strsim::damerau_levenshtein;

use crate::shape::may_hold_secret;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A range of bytes in one of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: usize,
    pub(crate) bytes: Range<usize>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The place holds a secret, which must not be printed.
    pub(crate) is_hidden: bool,
}

/// All mistakes of the files that were read together.
#[derive(Debug, Clone)]
pub struct Mistakes {
    sources: Vec<Source>,
    mistakes: Vec<Mistake>,
}

// === impl Place ===

impl Place {
    /// The beginning of a file.
    pub(crate) fn start(file: usize) -> Self {
        Self { file, bytes: 0..0 }
    }
}

// === impl Mistake ===

impl Mistake {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            help: None,
            is_hidden: false,
        }
    }

    /// The mistake without the line that it is in.
    #[must_use]
    pub(crate) fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the candidate that is closest to `word`, or else lists all of them.
    #[must_use]
    pub(crate) fn suggesting<'a>(
        self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let candidates: Vec<_> = candidates.into_iter().collect();
        match nearest(word, &candidates) {
            Some(candidate) => self.with_help(format!("did you mean `{candidate}`?")),
            None if candidates.is_empty() => self,
            None => self.with_help(format!("expected one of `{}`", candidates.join("`, `"))),
        }
    }
}

/// One edit for every four letters, at most three. Words of one or two letters are close to everything, and long ones to
/// nothing.
fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let length = word.chars().count();
    if !(3..=200).contains(&length) {
        return None;
    }
    let most = (length / 4).clamp(1, 3);
    let edits = |candidate: &&&str| damerau_levenshtein(word, candidate);
    let nearest = candidates.iter().min_by_key(edits)?;
    (edits(&nearest) <= most).then_some(*nearest)
}

// === impl Mistakes ===

impl Mistakes {
    pub(crate) fn new(sources: &[Source], mistakes: Vec<Mistake>) -> Self {
        Self {
            sources: sources.to_vec(),
            mistakes,
        }
    }

    /// `FILE:LINE:COLUMN: message; help`, one for each mistake.
    pub fn sentences(&self) -> Vec<String> {
        self.mistakes.iter().map(|one| self.sentence(one)).collect()
    }

    /// The sentences, each followed by the line of the file with a mark under what is wrong.
    pub fn drawn(&self) -> Vec<String> {
        self.mistakes.iter().map(|one| self.draw(one)).collect()
    }

    fn sentence(&self, mistake: &Mistake) -> String {
        let (name, text) = self.source(mistake);
        let at = Position::from_offset(text, mistake.place.bytes.start);
        let help = mistake.help.as_ref();
        let help = help.map_or_else(String::new, |help| format!("; {help}"));
        format!("{}:{at}: {}{help}", printable(name), mistake.message)
    }

    fn draw(&self, mistake: &Mistake) -> String {
        let (name, text) = self.source(mistake);
        if mistake.is_hidden || may_hold_secret(lines_of(text, &mistake.place.bytes)) {
            return self.sentence(mistake);
        }
        let label = mistake.help.as_deref().unwrap_or_default();
        let drawn = snippet::draw(name, text, mistake.place.bytes.clone(), label);
        format!("{}\n{drawn}", mistake.message)
    }

    fn source(&self, mistake: &Mistake) -> (&str, &str) {
        let source = self.sources.get(mistake.place.file);
        source.map_or(("irsa.yaml", ""), |one| (&one.name, &one.text))
    }
}

/// The whole lines that a range of bytes is in.
fn lines_of<'t>(text: &'t str, bytes: &Range<usize>) -> &'t str {
    let before = text.get(..bytes.start).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let after = text.get(bytes.end..).unwrap_or_default();
    let end = after.find('\n').map_or(text.len(), |at| bytes.end + at);
    text.get(start..end).unwrap_or(text)
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences().join("\n"))
    }
}

impl std::error::Error for Mistakes {}
