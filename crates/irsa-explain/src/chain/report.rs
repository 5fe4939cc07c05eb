//! The answers of all links, for people and for programs.

use std::fmt::Write;

use anstyle::Style;
use irsa_chain::Link;
use irsa_policy::{Decision, PolicyDocuments, SetError};
use serde_json::{Map, Value, json};

use super::{Asks, Step};
use crate::evaluation::{BAD, Evaluation, GOOD, UNSURE};
use crate::snippet::printable;
use crate::{answer, explain};

/// The answer of links that have no two ways to deny.
const DENIED: &str = "Denied";

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The decision, with its reason.
    Decision,
    /// Also the statements, in their files.
    Statements,
}

/// What all links together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every link lets it through.
    Allowed,
    /// One does not, whatever is not known yet.
    Denied,
    /// It depends on what is not known yet.
    Unsure,
}

/// The policies of each step, parsed.
///
/// # Errors
/// The first one that is none.
pub fn documents(steps: &[Step]) -> Result<Vec<PolicyDocuments>, SetError> {
    let documents = steps.iter().map(|step| match &step.asks {
        Asks::Policies(question) => question.documents(),
        Asks::Registered { .. } => Ok(PolicyDocuments::new()),
    });
    documents.collect()
}

/// All steps, decided.
#[derive(Debug)]
pub struct Answers<'q>(Vec<Answer<'q>>);

#[derive(Debug)]
struct Answer<'q> {
    link: Option<Link>,
    kind: Kind<'q>,
}

#[derive(Debug)]
enum Kind<'q> {
    Policies(Box<Evaluation<'q>>),
    Registered(Option<bool>, &'q str),
}

// === impl Answers ===

impl<'q> Answers<'q> {
    /// Decides all steps; `documents` are [theirs](documents).
    pub fn new(steps: &'q [Step], documents: &'q [PolicyDocuments]) -> Self {
        let answers = steps.iter().zip(documents);
        let answer = |(step, documents): (&'q Step, _)| Answer {
            link: step.link,
            kind: match &step.asks {
                Asks::Policies(question) => {
                    Kind::Policies(Box::new(Evaluation::new(question, documents)))
                }
                Asks::Registered { holds, sentence } => Kind::Registered(*holds, sentence),
            },
        };
        Self(answers.map(answer).collect())
    }

    /// What all links together say.
    pub fn verdict(&self) -> Verdict {
        let verdicts = || self.0.iter().map(Answer::verdict);
        if verdicts().any(|verdict| verdict == Verdict::Denied) {
            Verdict::Denied
        } else if verdicts().any(|verdict| verdict == Verdict::Unsure) {
            Verdict::Unsure
        } else {
            Verdict::Allowed
        }
    }

    /// For people.
    pub fn text(&self, detail: Detail) -> String {
        let mut text = String::new();
        for (place, answer) in self.0.iter().enumerate() {
            if place > 0 && detail == Detail::Statements {
                text.push('\n');
            }
            text += &answer.text(detail);
        }
        if self.0.len() > 1 {
            if detail == Detail::Statements {
                text.push('\n');
            }
            let _ = writeln!(text, "{}", self.summary());
        }
        text
    }

    /// For programs.
    pub fn json(&self, detail: Detail) -> Value {
        if let [only] = self.0.as_slice()
            && only.link.is_none()
        {
            return only.json(detail).into();
        }
        let broken = self.broken().map(Link::id);
        let links = self.0.iter().map(|answer| answer.json(detail));
        json!({
            "decision": match self.verdict() {
                Verdict::Allowed => answer::name(Decision::Allowed),
                Verdict::Denied => DENIED,
                Verdict::Unsure => answer::UNSURE,
            },
            "link": broken,
            "links": links.collect::<Vec<_>>(),
        })
    }

    /// The first link that refuses, or else that is not known to let it through.
    fn broken(&self) -> Option<Link> {
        let verdict = self.verdict();
        let is_it = |answer: &&Answer<'_>| answer.verdict() == verdict;
        let broken = self
            .0
            .iter()
            .find(is_it)
            .filter(|_| verdict != Verdict::Allowed);
        broken.and_then(|answer| answer.link)
    }

    fn summary(&self) -> String {
        let link = self.broken().map_or("", Link::title);
        match self.verdict() {
            Verdict::Allowed => format!("{GOOD}allowed{GOOD:#} by every link"),
            Verdict::Denied => format!("{BAD}denied{BAD:#}: the chain breaks at its {link}"),
            Verdict::Unsure => format!("{UNSURE}unsure{UNSURE:#} at the {link}"),
        }
    }
}

// === impl Answer ===

impl Answer<'_> {
    fn verdict(&self) -> Verdict {
        let holds = match &self.kind {
            Kind::Policies(asked) => asked.decision().map(|one| one == Decision::Allowed),
            Kind::Registered(holds, _) => *holds,
        };
        match holds {
            Some(true) => Verdict::Allowed,
            Some(false) => Verdict::Denied,
            None => Verdict::Unsure,
        }
    }

    fn text(&self, detail: Detail) -> String {
        let link = self
            .link
            .map_or_else(String::new, |link| format!("{}: ", link.title()));
        let text = match &self.kind {
            Kind::Policies(asked) if detail == Detail::Statements => explain::text(asked),
            Kind::Policies(asked) => asked.sentence() + "\n",
            Kind::Registered(holds, sentence) => {
                let (style, name) = called(*holds);
                format!("{style}{name}{style:#} because {}\n", printable(sentence))
            }
        };
        link + &text
    }

    fn json(&self, detail: Detail) -> Map<String, Value> {
        let told = match &self.kind {
            Kind::Policies(asked) if detail == Detail::Statements => explain::json(asked),
            Kind::Policies(asked) => asked.json(),
            Kind::Registered(holds, sentence) => {
                json!({"decision": called(*holds).1, "by": {"reason": sentence}})
            }
        };
        let mut object = Map::new();
        if let Some(link) = self.link {
            object.insert("link".to_owned(), link.id().into());
            if let Kind::Policies(asked) = &self.kind {
                object.extend(asked.request());
            }
        }
        object.extend(told.as_object().cloned().unwrap_or_default());
        object
    }
}

/// How what is registered is called.
fn called(holds: Option<bool>) -> (Style, &'static str) {
    match holds {
        Some(true) => (GOOD, answer::name(Decision::Allowed)),
        Some(false) => (BAD, DENIED),
        None => (UNSURE, answer::UNSURE),
    }
}
