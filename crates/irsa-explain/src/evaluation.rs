//! A question with its decision, which maps statements back to files.
//!
//! A decision is unsure if it depends on something unknown: the value of a condition key, a policy, or a part of the
//! resource. It then names what it depends on.

mod extremes;

use std::fmt::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use irsa_policy::{
    Cited, Decision, Layer, Outcome, Policy, PolicyDocuments, PolicySet, Position, Reason,
    StatementRef,
};
use serde_json::{Map, Value};

use self::extremes::Extremes;
use crate::machine_output;
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
    /// The decision and its reason. If it depends on something unknown, this is the decision without it.
    pub outcome: Outcome,
    /// The unknowns that the decision depends on.
    unknowns: Vec<String>,
    set: PolicySet<'q>,
}

/// A statement and its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatementInFile<'q> {
    pub(crate) document: &'q Document,
    pub(crate) policy: &'q Policy,
    pub(crate) statement: usize,
}

// === impl Evaluation ===

impl<'q> Evaluation<'q> {
    /// Decides the question; `documents` are its parsed policies.
    pub fn new(question: &'q Question, documents: &'q PolicyDocuments) -> Self {
        Self::with_policies(question, documents.set())
    }

    /// Decides the question by policies that are already parsed, in place of its documents.
    pub fn with_policies(question: &'q Question, mut set: PolicySet<'q>) -> Self {
        set.resource_account = question.resource_account.as_deref();
        let (outcome, unknowns) = Extremes::new(question, &set).outcome();
        Self {
            question,
            outcome,
            unknowns,
            set,
        }
    }

    /// The decision; `None` if it depends on something unknown.
    pub fn decision(&self) -> Option<Decision> {
        let is_sure = self.unknowns.is_empty();
        is_sure.then_some(self.outcome.decision)
    }

    /// The unknown condition keys, policies and parts of the request that the decision depends on.
    pub fn depends_on(&self) -> Vec<&str> {
        self.unknowns.iter().map(String::as_str).collect()
    }

    /// The file of a deciding statement or a near miss.
    pub fn file(&self, cited: &Cited) -> Option<&'q str> {
        let found = self.found(cited.layer, &cited.statement)?;
        Some(&found.document.file)
    }

    /// The decision and its reason, on one line.
    pub fn sentence(&self) -> String {
        let (style, name) = match self.decision() {
            Some(Decision::Allowed) => (GOOD, machine_output::name(Decision::Allowed)),
            Some(decision) => (BAD, machine_output::name(decision)),
            None => (UNSURE, machine_output::UNSURE),
        };
        let mut line = format!("{style}{name}{style:#}");
        if self.decision().is_none() {
            let unknowns: Vec<_> = self.depends_on().into_iter().map(printable).collect();
            let name = machine_output::name(self.outcome.decision);
            let without = if unknowns.len() == 1 { "it" } else { "these" };
            let _ = write!(
                line,
                ": depends on {}; without {without}, {name}",
                unknowns.join(" and ")
            );
        }
        line.push(' ');
        line += &printable(&self.outcome.reason.to_string());
        let locations: Vec<_> = self
            .cited()
            .filter_map(|cited| self.found(cited.layer, &cited.statement))
            .map(|found| found.at(&found.span()))
            .collect();
        if !locations.is_empty() {
            line = format!("{line} ({})", locations.join(", "));
        }
        line
    }

    /// The decision as JSON, with files.
    pub fn json(&self) -> Value {
        let mut by = machine_output::by(&self.outcome.reason);
        if let Some(cited) = self.cited().next() {
            by.extend(self.location(cited));
        }
        let also = self.cited().nth(1).map(|cited| self.location(cited));
        if let (Some(Value::Object(object)), Some(location)) = (by.get_mut("also"), also) {
            object.extend(location);
        }
        let name = machine_output::name(self.outcome.decision);
        match self.decision() {
            Some(_) => serde_json::json!({"decision": name, "by": by}),
            None => serde_json::json!({
                "decision": machine_output::UNSURE, "unknown": self.depends_on(), "without": name, "by": by,
            }),
        }
    }

    /// The request as JSON.
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

    /// The deciding statements.
    pub(crate) fn cited(&self) -> impl Iterator<Item = &Cited> {
        match &self.outcome.reason {
            Reason::Allows(cited) => cited.as_slice(),
            Reason::Denies(cited) => std::slice::from_ref(cited),
            _ => &[],
        }
        .iter()
    }

    pub(crate) fn found(
        &self,
        layer: Layer,
        statement: &StatementRef,
    ) -> Option<StatementInFile<'q>> {
        let mut documents = self
            .question
            .policies
            .iter()
            .filter(|document| document.layer == layer);
        Some(StatementInFile {
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
            Layer::ServiceControl(level) => level_policies(&self.set.service_control, level),
            Layer::ResourceControl(level) => level_policies(&self.set.resource_control, level),
            _ => &[],
        }
    }

    fn location(&self, cited: &Cited) -> Map<String, Value> {
        let found = self.found(cited.layer, &cited.statement);
        found
            .map(|found| found.json(&found.span()))
            .unwrap_or_default()
    }
}

fn level_policies<'s, 'q>(levels: &'s [Vec<&'q Policy>], level: usize) -> &'s [&'q Policy] {
    levels.get(level).map_or(&[], Vec::as_slice)
}

// === impl StatementInFile ===

impl StatementInFile<'_> {
    /// The byte range of the statement.
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
        Position::from_offset(&self.document.text, span.start)
    }
}

#[cfg(test)]
mod tests;
