//! The project's language: rejects the phrases that `words.txt` lists, in everything that people read.

mod text;

use std::fs;
use std::path::{Path, PathBuf};

use super::Findings;
use crate::failure::Failure;
use crate::workspace;
use text::{Word, words};

/// The phrases, each with what to write instead.
const LIST: &str = include_str!("words.txt");
/// The extensions of pages, code with its comments and messages, scenarios and settings.
const EXTENSIONS: [&str; 4] = ["md", "rs", "yaml", "toml"];
/// Folders of Git and of builds.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];

/// Returns each use of a listed phrase in a file of the clone: file, line, phrase, and what to write instead.
pub(super) fn check() -> Findings {
    let phrases = phrases(LIST)?;
    let root = workspace::root();
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut findings = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        let name = path.strip_prefix(root).unwrap_or(&path).display();
        findings.extend(findings_in(&name.to_string(), &text, &phrases));
    }
    Ok(findings)
}

/// Adds the files below a folder that have one of the extensions, except those of Git and of builds.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(Failure::file(folder))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_symlink() || SKIPPED.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_read(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_read(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

/// A phrase to avoid.
#[derive(Debug)]
struct Phrase {
    /// Its words in lower case; `*` stands for any word.
    words: Vec<String>,
    instead: String,
}

fn phrases(list: &str) -> Result<Vec<Phrase>, Failure> {
    let entries = list.lines().map(str::trim);
    entries
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match line.split_once('|') {
            Some((phrase, instead)) if !instead.trim().is_empty() => Ok(Phrase {
                words: phrase.split_whitespace().map(str::to_owned).collect(),
                instead: instead.trim().to_owned(),
            }),
            _ => Err(Failure::new(format!(
                "`{line}` in words.txt does not say what to write instead"
            ))
            .remedy("write `phrase | instead`")),
        })
        .collect()
}

fn findings_in(name: &str, text: &str, phrases: &[Phrase]) -> Vec<String> {
    let words = words(text);
    let mut findings = Vec::new();
    let mut rest = &words[..];
    while let [first, after @ ..] = rest {
        let found = phrases.iter().filter(|phrase| phrase.starts(rest));
        findings.extend(found.map(|Phrase { words, instead }| {
            let (line, words) = (first.line, words.join(" "));
            format!("{name}:{line}: `{words}`: write {instead}")
        }));
        rest = after;
    }
    findings
}

impl Phrase {
    fn starts(&self, words: &[Word]) -> bool {
        let Some(words) = words.get(..self.words.len()) else {
            return false;
        };
        let equal = |(pattern, word): (&String, &Word)| pattern == "*" || *pattern == word.text;
        words.iter().skip(1).all(|word| word.follows)
            && !words.iter().any(|word| word.quoted)
            && self.words.iter().zip(words).all(equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "# comment\n\ngoes forth | leaves\nno * at home | X is out\n";

    fn found(text: &str) -> Vec<String> {
        findings_in("a.rs", text, &phrases(EXAMPLE).unwrap())
    }

    #[test]
    fn a_phrase_is_reported_with_its_line_and_replacement() {
        let text = "fn a() {}\n// It Goes  forth.\n";
        assert_eq!(found(text), ["a.rs:2: `goes forth`: write leaves"]);
    }

    #[test]
    fn a_phrase_is_found_across_the_lines_of_a_comment_and_a_string() {
        assert_eq!(found("/// it goes\n    /// forth\n").len(), 1);
        assert_eq!(found("\"it goes \\\n   forth\"\n").len(), 1);
        assert_eq!(found("//! it goes\n//!\n//! forth\n").len(), 0);
    }

    #[test]
    fn a_star_stands_for_one_word() {
        assert_eq!(found("no cat at home").len(), 1);
        assert_eq!(found("no at home, no big cat at home").len(), 0);
    }

    #[test]
    fn parts_of_words_and_parted_words_are_fine() {
        let fine = [
            "undergoes forth",
            "goes forthwith",
            "goes_forth",
            "goes. Forth",
            "goes `forth`",
            "(goes) forth",
        ];
        for text in fine {
            assert_eq!(found(text).len(), 0, "{text}");
        }
    }

    #[test]
    fn a_quoted_line_is_fine() {
        assert_eq!(
            found("the server says: goes forth // lint: quoted").len(),
            0
        );
    }

    #[test]
    fn the_list_names_a_replacement_for_each_phrase() {
        assert!(phrases(LIST).unwrap().len() > 20);
        assert!(phrases("goes forth |").is_err());
    }
}
