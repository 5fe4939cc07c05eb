//! `irsa explain`: the table of causes, like `rustc --explain` for compiler errors.

use std::process::ExitCode;

use irsa_chain::{Cause, Link};
use irsa_cli::suggest;
use irsa_doctor::render::{self, Layout};
use serde_json::{Value, json};

use crate::cli::{CauseArgs, Output};
use crate::exit::Failure;
use crate::output;
use crate::settings::Mistakes;

/// The topic to explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Cause(Cause),
    Link(Link),
    All,
}

pub(crate) fn run(args: &CauseArgs, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let topic = match &args.name {
        None => Some(Topic::All),
        Some(name) => mistakes.collect(Topic::parse(name)),
    };
    let topic = mistakes.or(topic)?.unwrap_or(Topic::All);
    output::line(&match args.output {
        Output::Text => topic.text(),
        Output::Json => format!("{:#}", topic.json()),
    })?;
    Ok(ExitCode::SUCCESS)
}

// === impl Topic ===

impl Topic {
    /// Parses the ID of a cause or of a link. Surrounding text is ignored, so that a copied reference works: `link:
    /// grant, cause: role-not-found`, `docs/causes.md#role-not-found`.
    fn parse(name: &str) -> Result<Self, String> {
        let is_outside = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let words: Vec<String> = name
            .split(is_outside)
            .filter(|word| !word.is_empty())
            .map(|word| word.to_ascii_lowercase().replace('_', "-"))
            .collect();
        let cause = words.iter().rev().find_map(|word| word.parse().ok());
        let link = words.iter().rev().find_map(|word| word.parse().ok());
        match (cause, link) {
            (Some(cause), _) => Ok(Self::Cause(cause)),
            (None, Some(link)) => Ok(Self::Link(link)),
            (None, None) => Err(unknown(name, words.last().map_or("", String::as_str))),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Cause(cause) => explanation(cause),
            Self::Link(link) => {
                let causes = list(link);
                format!(
                    "The {} is link {} of {}. Causes that break it:\n\n{causes}\n{MORE}",
                    link.title(),
                    number(link),
                    Link::ALL.len()
                )
            }
            Self::All => {
                let links = Link::ALL.map(|link| format!("{}\n{}", link.title(), list(link)));
                format!("{}\n{MORE}", links.join("\n"))
            }
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Cause(cause) => document(cause),
            Self::Link(link) => Cause::all_for(link).map(document).collect(),
            Self::All => Cause::ALL.iter().copied().map(document).collect(),
        }
    }
}

const MORE: &str = "Run `irsa explain CAUSE` to see how to fix one of them.";

fn unknown(name: &str, word: &str) -> String {
    let causes = Cause::ALL.iter().map(|cause| cause.id());
    let known = causes.chain(Link::ALL.map(Link::id));
    let advice = match suggest::nearest(word, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "run `irsa explain` to list all causes".to_owned(),
    };
    format!("unknown cause `{name}`; {advice}")
}

fn explanation(cause: Cause) -> String {
    let link = cause.link();
    format!(
        "{cause}\n\n  link    {} ({} of {})\n  cause   {}\n  remedy  {}\n\n\
         Words in capitals stand for your own values. To find the broken link, run `irsa doctor`.",
        link.title(),
        number(link),
        Link::ALL.len(),
        cause.summary(),
        remedy(cause),
    )
}

/// The remedy, with each step on a separate line.
fn remedy(cause: Cause) -> String {
    let steps = render::layout(cause.remedy()).into_iter();
    let lines: Vec<_> = steps
        .map(|Layout { lead, step }| format!("{lead}{step}"))
        .collect();
    lines.join("\n          ")
}

/// Lists the causes of a link, one per line.
fn list(link: Link) -> String {
    let causes = Cause::all_for(link);
    let lines: Vec<_> = causes
        .map(|cause| format!("  {cause:28} {}", cause.summary()))
        .collect();
    lines.join("\n") + "\n"
}

fn number(link: Link) -> usize {
    Link::ALL.iter().take_while(|one| **one <= link).count()
}

fn document(cause: Cause) -> Value {
    json!({
        "cause": cause.id(),
        "link": cause.link().id(),
        "summary": cause.summary(),
        "remedy": cause.remedy(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_and_link_is_found_by_its_id_and_in_copied_text() {
        for cause in Cause::ALL.iter().copied() {
            let link = cause.link();
            for text in [
                cause.id().to_owned(),
                cause.id().to_uppercase().replace('-', "_"),
                format!("({})", link.reference(Some(cause))),
                format!("docs/causes.md#{cause}"),
            ] {
                assert_eq!(Topic::parse(&text), Ok(Topic::Cause(cause)), "{text}");
            }
        }
        for link in Link::ALL {
            assert_eq!(Topic::parse(link.id()), Ok(Topic::Link(link)));
        }
    }

    #[test]
    fn a_misspelled_cause_gets_a_suggestion() {
        let error = Topic::parse("trust-subject-mismtach").unwrap_err();
        assert!(
            error.ends_with("did you mean `trust-subject-mismatch`?"),
            "{error}"
        );
        for other in ["", "moon"] {
            let error = Topic::parse(other).unwrap_err();
            assert!(error.contains("to list all causes"), "{error}");
        }
    }

    #[test]
    fn the_list_names_every_cause() {
        let list = Topic::All.text();
        for cause in Cause::ALL {
            assert!(list.contains(cause.summary()), "{cause}");
        }
    }

    #[test]
    fn links_are_counted_from_one() {
        assert_eq!(number(Link::ServiceAccount), 1);
        assert_eq!(number(Link::Grant), 9);
    }
}
