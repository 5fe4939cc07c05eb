//! A request put to the policies, and their decision in the doctor's words.

use irsa_chain::Cause;
use irsa_explain::explain::help_for;
use irsa_explain::{Document, Evaluation, Question};
use irsa_policy::{Because, Cited, Decision, Layer, Mismatch, NearMiss, Outcome, PolicyDocuments};
use serde_json::Value;

use super::session::Asker;
use super::text::{listed, put_role_policy, quoted};
use crate::{Commands, Remedy};

/// Added to everything that is allowed.
pub(super) const BUT_FOR_ORGANIZATIONS: &str =
    "service and resource control policies can't be read, and may deny it all the same";

/// At most this many of the mismatches of a statement are reported.
const TOLD: usize = 3;

/// What the policies say.
#[derive(Debug)]
pub(super) enum Ruling {
    /// Allowed, by these statements.
    Allowed(String),
    /// Denied.
    Denied(Box<Denial>),
    /// It depends on values that are unknown.
    Doubtful(String),
    /// One of the texts is not a policy.
    Unreadable(String),
}

/// A denial in words.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) outcome: Outcome,
    /// The nearest statement of the policies that would have had to allow.
    pub(super) nearest: Option<NearMiss>,
    /// Where the statement is that decided, or nearly did.
    pub(super) place: String,
    /// What was seen.
    pub(super) seen: String,
    /// The suggested fix.
    pub(super) help: Option<String>,
}

/// The permissions that a role should have.
pub(super) struct Wanted<'a> {
    /// The parts of the name for a policy of its own.
    pub(super) policy: &'a [&'a str],
    /// The statement that would allow it.
    pub(super) statement: &'a Value,
    /// What its `Resource` must be.
    pub(super) resource: &'a str,
    /// The cause where no statement comes near.
    pub(super) not_allowed: Cause,
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
            let unknown = listed(evaluation.doubts());
            Ruling::Doubtful(format!(
                "the decision depends on {unknown}, which is unknown here"
            ))
        }
        Some(Decision::Allowed) => Ruling::Allowed(allowing(&evaluation)),
        Some(_) => Ruling::Denied(Box::new(Denial::new(question, &evaluation))),
    }
}

/// The policies of a question, parsed.
///
/// # Errors
/// Which of them is not a policy, and where in it.
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

/// A policy with the name that reports have for it.
pub(super) fn document(layer: Layer, name: impl Into<String>, text: &str) -> Document {
    Document {
        layer,
        file: name.into(),
        text: text.to_owned(),
    }
}

fn allowing(evaluation: &Evaluation<'_>) -> String {
    match &evaluation.outcome.because {
        Because::Allows(all) => {
            let places: Vec<_> = all.iter().map(|cited| place(evaluation, cited)).collect();
            places.join(" and ")
        }
        other => other.to_string(),
    }
}

/// Where a statement is.
fn place(evaluation: &Evaluation<'_>, cited: &Cited) -> String {
    let name = evaluation.file(cited);
    let name = name.map_or_else(|| cited.layer.to_string(), quoted);
    match &cited.statement.sid {
        Some(sid) => format!("statement {} of {name}", quoted(sid)),
        None => format!("statement {} of {name}", cited.statement.statement),
    }
}

impl Denial {
    fn new(question: &Question, evaluation: &Evaluation<'_>) -> Self {
        let outcome = evaluation.outcome.clone();
        let nearest = outcome.nearest().cloned();
        let (place, seen) = match (&outcome.because, &nearest) {
            (Because::Denies(cited), _) => {
                let place = place(evaluation, cited);
                (place.clone(), format!("{place} denies it"))
            }
            (because, Some((layer, miss))) => {
                let cited = Cited {
                    layer: *layer,
                    statement: miss.statement.clone(),
                };
                let place = place(evaluation, &cited);
                let kept_by = miss.kept_by.iter().take(TOLD);
                let kept_by: Vec<_> = kept_by.map(ToString::to_string).collect();
                let seen = format!("{because}; {place} comes nearest: {}", kept_by.join("; "));
                (place, seen)
            }
            (because, None) => (
                String::new(),
                format!("{because}, and no statement comes near"),
            ),
        };
        let nearest = nearest.map(|(_, miss)| miss);
        let mismatches = nearest.iter().flat_map(|miss| &miss.kept_by);
        let mut helps = mismatches.flat_map(|mismatch| help_for(mismatch, &question.action));
        Self {
            help: helps.next(),
            outcome,
            nearest,
            place,
            seen,
        }
    }

    /// What the denial means, where every service means the same by it.
    pub(super) fn cause(&self, denied: Cause, otherwise: impl FnOnce(&Self) -> Cause) -> Cause {
        match self.outcome.because {
            Because::Denies(_) => denied,
            Because::NothingAllows(Layer::Boundary) => Cause::BoundaryNotAllowing,
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

    /// What to consider, where every service means the same by the cause. `statement` would allow it.
    fn advice(
        &self,
        cause: Cause,
        boundary: &str,
        statement: &serde_json::Value,
    ) -> Option<String> {
        match cause {
            Cause::ConnectDenied | Cause::EsHttpDenied => Some(format!(
                "narrow or remove {}: no Allow outweighs a Deny",
                self.place
            )),
            Cause::BoundaryNotAllowing => Some(format!(
                "add `{statement}` to the permissions boundary `{boundary}`: it limits what the role's other policies \
                 allow"
            )),
            Cause::ConditionNeverMet => {
                let keys: Vec<_> = self.conditions().map(quoted).collect();
                Some(format!(
                    "remove the condition on {} from {}",
                    keys.join(" and "),
                    self.place
                ))
            }
            _ => None,
        }
    }

    fn conditions(&self) -> impl Iterator<Item = &str> {
        let kept_by = self.nearest.iter().flat_map(|miss| &miss.kept_by);
        kept_by.filter_map(|mismatch| match mismatch {
            Mismatch::Condition { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }
}

impl Wanted<'_> {
    /// What to do about `denial`, which is for `cause`.
    pub(super) fn remedy(&self, asker: &Asker, denial: &Denial, cause: Cause) -> Remedy {
        let boundary = asker.permissions.boundary.as_ref();
        let boundary = boundary.map_or("", |policy| policy.name.as_str());
        let advice = denial.advice(cause, boundary, self.statement);
        advice.map_or_else(|| self.grant(asker, denial, cause).into(), Remedy::from)
    }

    fn grant(&self, asker: &Asker, denial: &Denial, cause: Cause) -> Commands {
        let role = asker.role.arn.name();
        let commands = Commands::new([put_role_policy(role, self.policy, self.statement)]);
        let (place, resource) = (&denial.place, self.resource);
        let resource = (cause != self.not_allowed)
            .then(|| format!("set the `Resource` of {place} to `{resource}`"));
        let note: Vec<String> = denial.help.iter().cloned().chain(resource).collect();
        if note.is_empty() {
            return commands;
        }
        commands.with_note(format!("or correct the policy: {}", note.join("; ")))
    }
}
