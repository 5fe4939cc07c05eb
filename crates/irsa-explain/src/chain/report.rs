//! The report about all links, for people and for programs.

use std::fmt::Write;

use anstyle::Style;
use irsa_chain::Link;
use irsa_policy::{Decision, PolicyDocuments, PolicySet, SetError};
use serde_json::{Map, Value, json};

use super::{Basis, Step};
use crate::evaluation::{BAD, Evaluation, GOOD, UNSURE};
use crate::snippet::printable;
use crate::{explain, machine_output};

/// The decision of a link that does not distinguish explicit and implicit denials.
const DENIED: &str = "Denied";

/// The level of detail of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Each decision with its reason.
    Decision,
    /// Also the statements in their files.
    Statements,
}

/// The result of all links together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every link allows the access.
    Allowed,
    /// A link denies the access, whatever the unknown values are.
    Denied,
    /// The result depends on unknown values.
    Unsure,
}

/// Parses the policies of each step.
///
/// # Errors
/// The error of the first invalid policy.
pub fn documents(steps: &[Step]) -> Result<Vec<PolicyDocuments>, SetError> {
    let documents = steps.iter().map(|step| match &step.basis {
        Basis::Policies(question) => question.documents(),
        Basis::Registered { .. } => Ok(PolicyDocuments::new()),
    });
    documents.collect()
}

/// The decided steps.
#[derive(Debug)]
pub struct ChainReport<'q>(Vec<StepReport<'q>>);

#[derive(Debug)]
struct StepReport<'q> {
    link: Option<Link>,
    kind: Kind<'q>,
}

#[derive(Debug)]
enum Kind<'q> {
    Policies(Box<Evaluation<'q>>),
    Registered(Option<bool>, &'q str),
}

// === impl ChainReport ===

impl<'q> ChainReport<'q> {
    /// Decides all steps; `documents` are their [parsed policies](documents).
    pub fn new(steps: &'q [Step], documents: &'q [PolicyDocuments]) -> Self {
        Self::with_policies(steps, documents.iter().map(PolicyDocuments::set))
    }

    /// Decides all steps by policies that are already parsed, a set for each step.
    pub fn with_policies(
        steps: &'q [Step],
        policies: impl IntoIterator<Item = PolicySet<'q>>,
    ) -> Self {
        let steps = steps.iter().zip(policies);
        let report = |(step, policies): (&'q Step, _)| StepReport {
            link: step.link,
            kind: match &step.basis {
                Basis::Policies(question) => {
                    Kind::Policies(Box::new(Evaluation::with_policies(question, policies)))
                }
                Basis::Registered { holds, sentence } => Kind::Registered(*holds, sentence),
            },
        };
        Self(steps.map(report).collect())
    }

    /// The result of all links together.
    pub fn verdict(&self) -> Verdict {
        let verdicts = || self.0.iter().map(StepReport::verdict);
        if verdicts().any(|verdict| verdict == Verdict::Denied) {
            Verdict::Denied
        } else if verdicts().any(|verdict| verdict == Verdict::Unsure) {
            Verdict::Unsure
        } else {
            Verdict::Allowed
        }
    }

    /// Formats the report as text.
    pub fn text(&self, detail: Detail) -> String {
        let mut text = String::new();
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 && detail == Detail::Statements {
                text.push('\n');
            }
            text += &step.text(detail);
        }
        if self.0.len() > 1 {
            if detail == Detail::Statements {
                text.push('\n');
            }
            let _ = writeln!(text, "{}", self.summary());
        }
        text
    }

    /// Formats the report as JSON.
    pub fn json(&self, detail: Detail) -> Value {
        if let [only] = self.0.as_slice()
            && only.link.is_none()
        {
            return only.json(detail).into();
        }
        let broken = self.broken().map(Link::id);
        let links = self.0.iter().map(|step| step.json(detail));
        json!({
            "decision": match self.verdict() {
                Verdict::Allowed => machine_output::name(Decision::Allowed),
                Verdict::Denied => DENIED,
                Verdict::Unsure => machine_output::UNSURE,
            },
            "link": broken,
            "links": links.collect::<Vec<_>>(),
        })
    }

    /// The first link that denies, or else the first that is unsure.
    pub fn broken(&self) -> Option<Link> {
        let verdict = self.verdict();
        let is_it = |step: &&StepReport<'_>| step.verdict() == verdict;
        let broken = self
            .0
            .iter()
            .find(is_it)
            .filter(|_| verdict != Verdict::Allowed);
        broken.and_then(|step| step.link)
    }

    fn summary(&self) -> String {
        let link = self.broken().map_or("", Link::title);
        match self.verdict() {
            Verdict::Allowed => format!("{GOOD}allowed{GOOD:#} by every link"),
            Verdict::Denied => format!("{BAD}denied{BAD:#}: the chain breaks at the {link}"),
            Verdict::Unsure => format!(
                "{UNSURE}unsure{UNSURE:#}: the chain depends on unknown values at the {link}"
            ),
        }
    }
}

// === impl StepReport ===

impl StepReport<'_> {
    fn verdict(&self) -> Verdict {
        let holds = match &self.kind {
            Kind::Policies(evaluation) => evaluation.decision().map(|one| one == Decision::Allowed),
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
            Kind::Policies(evaluation) if detail == Detail::Statements => explain::text(evaluation),
            Kind::Policies(evaluation) => evaluation.sentence() + "\n",
            Kind::Registered(holds, sentence) => {
                let (style, name) = called(*holds);
                format!("{style}{name}{style:#} because {}\n", printable(sentence))
            }
        };
        link + &text
    }

    fn json(&self, detail: Detail) -> Map<String, Value> {
        let result = match &self.kind {
            Kind::Policies(evaluation) if detail == Detail::Statements => explain::json(evaluation),
            Kind::Policies(evaluation) => evaluation.json(),
            Kind::Registered(holds, sentence) => {
                json!({"decision": called(*holds).1, "by": {"reason": sentence}})
            }
        };
        let mut object = Map::new();
        if let Some(link) = self.link {
            object.insert("link".to_owned(), link.id().into());
            if let Kind::Policies(evaluation) = &self.kind {
                object.extend(evaluation.request());
            }
        }
        object.extend(result.as_object().cloned().unwrap_or_default());
        object
    }
}

/// The decision about a registration, with its style.
fn called(holds: Option<bool>) -> (Style, &'static str) {
    match holds {
        Some(true) => (GOOD, machine_output::name(Decision::Allowed)),
        Some(false) => (BAD, DENIED),
        None => (UNSURE, machine_output::UNSURE),
    }
}
