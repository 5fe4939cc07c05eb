//! A question with its decision, and the way from statements back to files.
//!
//! A decision that differs over something unknown is unsure, and names it: the value of a condition key, a policy, a part
//! of the resource.

mod extremes;

use std::fmt::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use irsa_policy::{
    Because, Cited, Decision, Layer, Outcome, Policy, PolicyDocuments, PolicySet, Position,
    StatementRef,
};
use serde_json::{Map, Value};

use self::extremes::Extremes;
use crate::answer;
use crate::question::{Document, Question};
use crate::snippet::printable;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();

/// A question and its decision.
#[derive(Debug)]
pub struct Evaluation<'q> {
    pub(crate) question: &'q Question,
    /// The decision, and what made it. Where it depends on something unknown, the one without this.
    pub outcome: Outcome,
    /// What the decision depends on and is not known.
    doubts: Vec<String>,
    set: PolicySet<'q>,
}

/// A statement in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'q> {
    pub(crate) document: &'q Document,
    pub(crate) policy: &'q Policy,
    pub(crate) statement: usize,
}

// === impl Evaluation ===

impl<'q> Evaluation<'q> {
    /// Decides the question; `documents` are its own.
    pub fn new(question: &'q Question, documents: &'q PolicyDocuments) -> Self {
        let mut set = documents.set();
        set.resource_account = question.resource_account.as_deref();
        let (outcome, doubts) = Extremes::new(question, &set).outcome();
        Self {
            question,
            outcome,
            doubts,
            set,
        }
    }

    /// The decision, as far as it does not depend on what is not known.
    pub fn decision(&self) -> Option<Decision> {
        let is_sure = self.doubts.is_empty();
        is_sure.then_some(self.outcome.decision)
    }

    /// What has to be known before there is a decision: condition keys, policies, parts of the request.
    pub fn doubts(&self) -> Vec<&str> {
        self.doubts.iter().map(String::as_str).collect()
    }

    /// The file of a statement that decided or nearly did.
    pub fn file(&self, cited: &Cited) -> Option<&'q str> {
        let found = self.found(cited.layer, &cited.statement)?;
        Some(&found.document.file)
    }

    /// The decision with its reason, on a line.
    pub fn sentence(&self) -> String {
        let (style, name) = match self.decision() {
            Some(Decision::Allowed) => (GOOD, answer::name(Decision::Allowed)),
            Some(decision) => (BAD, answer::name(decision)),
            None => (UNSURE, answer::UNSURE),
        };
        let mut line = format!("{style}{name}{style:#}");
        if self.decision().is_none() {
            let doubts: Vec<_> = self.doubts().into_iter().map(printable).collect();
            let name = answer::name(self.outcome.decision);
            let _ = write!(
                line,
                ", as it depends on {}; without it {name}",
                doubts.join(" and on ")
            );
        }
        line.push(' ');
        line += &printable(&self.outcome.because.to_string());
        let places: Vec<_> = self
            .cited()
            .filter_map(|cited| self.found(cited.layer, &cited.statement))
            .map(|found| found.at(&found.span()))
            .collect();
        if !places.is_empty() {
            line = format!("{line} ({})", places.join(", "));
        }
        line
    }

    /// The decision in the words of the machine contract, with files.
    pub fn json(&self) -> Value {
        let mut by = answer::by(&self.outcome.because);
        if let Some(cited) = self.cited().next() {
            by.extend(self.place(cited));
        }
        let also = self.cited().nth(1).map(|cited| self.place(cited));
        if let (Some(Value::Object(object)), Some(place)) = (by.get_mut("also"), also) {
            object.extend(place);
        }
        let name = answer::name(self.outcome.decision);
        match self.decision() {
            Some(_) => serde_json::json!({"decision": name, "by": by}),
            None => serde_json::json!({
                "decision": answer::UNSURE, "unknown": self.doubts(), "without": name, "by": by,
            }),
        }
    }

    /// What was asked, in the words of the machine contract.
    pub(crate) fn request(&self) -> Map<String, Value> {
        let Question {
            principal,
            action,
            resource,
            ..
        } = self.question;
        let mut request = Map::new();
        request.insert("principal".to_owned(), principal.as_str().into());
        request.insert("action".to_owned(), action.as_str().into());
        request.insert("resource".to_owned(), resource.as_deref().into());
        request
    }

    /// The statements that decided.
    pub(crate) fn cited(&self) -> impl Iterator<Item = &Cited> {
        match &self.outcome.because {
            Because::Allows(cited) => cited.as_slice(),
            Because::Denies(cited) => std::slice::from_ref(cited),
            _ => &[],
        }
        .iter()
    }

    pub(crate) fn found(&self, layer: Layer, statement: &StatementRef) -> Option<Found<'q>> {
        let mut documents = self
            .question
            .policies
            .iter()
            .filter(|document| document.layer == layer);
        Some(Found {
            document: documents.nth(statement.policy)?,
            policy: self.policies(layer).get(statement.policy)?,
            statement: statement.statement,
        })
    }

    fn policies(&self, layer: Layer) -> &[&'q Policy] {
        match layer {
            Layer::Identity => &self.set.identity,
            Layer::Resource => self.set.resource.as_slice(),
            Layer::Boundary => &self.set.boundary,
            Layer::Session => &self.set.session,
            Layer::ServiceControl(level) => of_level(&self.set.service_control, level),
            Layer::ResourceControl(level) => of_level(&self.set.resource_control, level),
            _ => &[],
        }
    }

    fn place(&self, cited: &Cited) -> Map<String, Value> {
        let found = self.found(cited.layer, &cited.statement);
        found
            .map(|found| found.json(&found.span()))
            .unwrap_or_default()
    }
}

fn of_level<'s, 'q>(levels: &'s [Vec<&'q Policy>], level: usize) -> &'s [&'q Policy] {
    levels.get(level).map_or(&[], Vec::as_slice)
}

// === impl Found ===

impl Found<'_> {
    /// The bytes of the statement.
    pub(crate) fn span(&self) -> Range<usize> {
        self.policy.span(self.statement).unwrap_or_default()
    }

    /// `FILE:LINE:COLUMN`.
    pub(crate) fn at(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.document.file, self.position(span))
    }

    pub(crate) fn json(&self, span: &Range<usize>) -> Map<String, Value> {
        let position = self.position(span);
        let file = ("file".to_owned(), self.document.file.as_str().into());
        let line = ("line".to_owned(), position.line.into());
        Map::from_iter([file, line, ("column".to_owned(), position.column.into())])
    }

    fn position(&self, span: &Range<usize>) -> Position {
        Position::of(&self.document.text, span.start)
    }
}

#[cfg(test)]
mod tests;
