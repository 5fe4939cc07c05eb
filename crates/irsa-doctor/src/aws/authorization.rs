//! The decision of policies on a request, in words.

use irsa_chain::Cause;
use irsa_explain::explain::help_for;
use irsa_explain::{Document, Evaluation, Question};
use irsa_policy::{Cited, Decision, Layer, Mismatch, NearMiss, Outcome, PolicyDocuments, Reason};

use super::text::{listed, quoted};

/// A caveat for everything that is allowed.
pub(super) const ORGANIZATION_CAVEAT: &str =
    "service and resource control policies cannot be read and could still deny it";

/// The number of mismatches of a statement that are reported.
const MAX_MISMATCHES: usize = 3;

/// The decision of the policies.
#[derive(Debug)]
pub(super) enum Ruling {
    /// Allowed, by these statements.
    Allowed(String),
    /// Denied.
    Denied(Box<Denial>),
    /// The decision depends on values that are unknown.
    Doubtful(String),
    /// One of the texts is not a policy.
    Unreadable(String),
}

/// A denial in words.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) outcome: Outcome,
    /// The closest statement in the policies that should have allowed the request.
    pub(super) nearest: Option<NearMiss>,
    /// The location of the statement that decided, or of the closest one.
    pub(super) place: String,
    /// The reason for the denial.
    pub(super) seen: String,
    /// The suggested fix.
    pub(super) help: Option<String>,
}

/// Decides a question.
pub(super) fn ruling(question: &Question) -> Ruling {
    let documents = match documents(question) {
        Ok(documents) => documents,
        Err(text) => return Ruling::Unreadable(text),
    };
    let evaluation = Evaluation::new(question, &documents);
    match evaluation.decision() {
        None => {
            let unknown = listed(evaluation.depends_on());
            Ruling::Doubtful(format!("the decision depends on unknown values: {unknown}"))
        }
        Some(Decision::Allowed) => Ruling::Allowed(allowing(&evaluation)),
        Some(_) => Ruling::Denied(Box::new(Denial::new(question, &evaluation))),
    }
}

/// Parses the policies of a question.
///
/// # Errors
/// A text is not a policy: its name, the position and the reason.
pub(super) fn documents(question: &Question) -> Result<PolicyDocuments, String> {
    question.documents().map_err(|error| {
        let mut documents = question.policies.iter();
        let document = documents.find(|document| {
            document.layer == error.layer && document.problem(&question.action).is_some()
        });
        let name = document.map_or("a policy", |document| &document.file);
        let at = error
            .error
            .position()
            .map_or_else(String::new, |at| format!(":{at}"));
        format!("{}{at}: {}", quoted(name), error.error)
    })
}

/// A policy with its name in reports.
pub(super) fn document(layer: Layer, name: impl Into<String>, text: &str) -> Document {
    Document {
        layer,
        file: name.into(),
        text: text.to_owned(),
    }
}

fn allowing(evaluation: &Evaluation<'_>) -> String {
    match &evaluation.outcome.reason {
        Reason::Allows(all) => {
            let places: Vec<_> = all.iter().map(|cited| place(evaluation, cited)).collect();
            places.join(" and ")
        }
        other => other.to_string(),
    }
}

/// The location of a statement.
fn place(evaluation: &Evaluation<'_>, cited: &Cited) -> String {
    let name = evaluation.file(cited);
    let name = name.map_or_else(|| cited.layer.to_string(), named);
    match &cited.statement.sid {
        Some(sid) => format!("statement {} of {name}", quoted(sid)),
        None => format!("statement {} of {name}", cited.statement.statement),
    }
}

/// A policy by its name. The policies of roles and domains are named by their owner.
fn named(policy: &str) -> String {
    let kinds = ["the trust policy of ", "the access policy of "].into_iter();
    let mut matches = kinds.filter_map(|kind| Some((kind, policy.strip_prefix(kind)?)));
    match matches.next() {
        Some((kind, owner)) => format!("{kind}{}", quoted(owner)),
        None => quoted(policy),
    }
}

/// The reason without the conjunction that AWS starts it with.
fn clause(reason: &Reason) -> String {
    let text = reason.to_string();
    let clause = text.strip_prefix("because ").unwrap_or(&text);
    clause.to_owned()
}

impl Denial {
    fn new(question: &Question, evaluation: &Evaluation<'_>) -> Self {
        let outcome = evaluation.outcome.clone();
        let nearest = outcome.nearest().cloned();
        let (place, seen) = match (&outcome.reason, &nearest) {
            (Reason::Denies(cited), _) => {
                let place = place(evaluation, cited);
                (place.clone(), format!("{place} explicitly denies it"))
            }
            (reason, Some((layer, miss))) => {
                let cited = Cited {
                    layer: *layer,
                    statement: miss.statement.clone(),
                };
                let place = place(evaluation, &cited);
                let kept_by = miss.mismatches.iter().take(MAX_MISMATCHES);
                let kept_by: Vec<_> = kept_by.map(ToString::to_string).collect();
                let reason = clause(reason);
                let seen = format!("{reason}; the closest is {place}: {}", kept_by.join("; "));
                (place, seen)
            }
            (reason, None) => (
                String::new(),
                format!("{}, and no statement comes close", clause(reason)),
            ),
        };
        let nearest = nearest.map(|(_, miss)| miss);
        let mismatches = nearest.iter().flat_map(|miss| &miss.mismatches);
        let mut helps = mismatches.flat_map(|mismatch| help_for(mismatch, &question.action));
        Self {
            help: helps.next(),
            outcome,
            nearest,
            place,
            seen,
        }
    }

    /// The cause of the denial. `otherwise` decides where it depends on the service.
    pub(super) fn cause(&self, denied: Cause, otherwise: impl FnOnce(&Self) -> Cause) -> Cause {
        match self.outcome.reason {
            Reason::Denies(_) => denied,
            Reason::NothingAllows(Layer::Boundary) => Cause::BoundaryNotAllowing,
            _ if self.is_kept_by_conditions_only() => Cause::ConditionNeverMet,
            _ => otherwise(self),
        }
    }

    /// Returns whether a statement would allow the request if its conditions held.
    pub(super) fn is_kept_by_conditions_only(&self) -> bool {
        self.nearest
            .as_ref()
            .is_some_and(NearMiss::has_conditions_only)
    }

    /// The condition keys of the closest statement that keep it from matching.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &str> {
        let kept_by = self.nearest.iter().flat_map(|miss| &miss.mismatches);
        kept_by.filter_map(|mismatch| match mismatch {
            Mismatch::Condition { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }
}
