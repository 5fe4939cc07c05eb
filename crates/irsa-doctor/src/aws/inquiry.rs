//! A request put to the policies that have a say, and what they said in words.

use irsa_chain::Cause;
use irsa_explain::explain::help_for;
use irsa_policy::{
    Because, Cited, Decision, Layer, Mismatch, NearMiss, Outcome, PolicyDocuments, Request, Verdict,
};

use super::doubt;
use super::text::quoted;

/// Said of whatever is allowed.
pub(super) const BUT_FOR_ORGANIZATIONS: &str =
    "service and resource control policies can't be read, and may deny it all the same";

/// As many of what keeps a statement from matching are told.
const TOLD: usize = 3;

/// A policy that has a say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) layer: Layer,
    /// What it is called in reports.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// A request and the policies.
#[derive(Debug)]
pub(super) struct Inquiry<'a> {
    /// Condition keys that can't be known in this case, in lower case, besides those that never can.
    pub(super) unknown: &'a [&'a str],
    pub(super) sources: Vec<Source<'a>>,
    pub(super) request: Request<'a>,
}

/// What the policies say.
#[derive(Debug)]
pub(super) enum Ruling {
    /// Allowed, by these statements.
    Allowed(String),
    /// Denied.
    Denied(Box<Denial>),
    /// It depends on what is not known here.
    Doubtful(String),
    /// A policy is none that can be read.
    Unreadable(String),
}

/// A denial in words.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) because: Because,
    /// The nearest statement of the policies that would have had to allow.
    pub(super) nearest: Option<NearMiss>,
    /// All of them, as `irsa-policy` judges them.
    pub(super) verdict: Verdict,
    /// Where the statement is that decided, or nearly did.
    pub(super) place: String,
    /// What was seen.
    pub(super) seen: String,
    /// What was surely meant.
    pub(super) help: Option<String>,
}

impl Inquiry<'_> {
    /// Decides it.
    pub(super) fn ruling(&self) -> Ruling {
        let documents = match self.documents() {
            Ok(documents) => documents,
            Err(text) => return Ruling::Unreadable(text),
        };
        let outcome = documents.set().decide(&self.request);
        if let Some(keys) = doubt::of(self, &outcome) {
            return Ruling::Doubtful(format!(
                "it depends on {keys}, which can't be known from here"
            ));
        }
        match outcome.decision {
            Decision::Allowed => Ruling::Allowed(self.allowing(&outcome.because)),
            _ => Ruling::Denied(Box::new(self.denial(outcome))),
        }
    }

    /// The policies, parsed.
    ///
    /// # Errors
    /// Which of them is none, and where in it.
    pub(super) fn documents(&self) -> Result<PolicyDocuments, String> {
        let mut documents = PolicyDocuments::new();
        for layer in [Layer::Identity, Layer::Resource, Layer::Boundary] {
            let texts = self.of(layer).map(|source| source.text);
            let added = documents.add(layer, self.request.action, texts);
            added.map_err(|error| {
                let name = self
                    .of(layer)
                    .nth(error.policy)
                    .map_or("a policy", |source| source.name);
                let at = error
                    .error
                    .position()
                    .map_or_else(String::new, |at| format!(":{at}"));
                format!("{}{at}: {}", quoted(name), error.error)
            })?;
        }
        Ok(documents)
    }

    pub(super) fn of(&self, layer: Layer) -> impl Iterator<Item = &Source<'_>> {
        self.sources
            .iter()
            .filter(move |source| source.layer == layer)
    }

    /// Where a statement is.
    pub(super) fn place(&self, cited: &Cited) -> String {
        let source = self.of(cited.layer).nth(cited.statement.policy);
        let name = source.map_or_else(|| cited.layer.to_string(), |source| quoted(source.name));
        match &cited.statement.sid {
            Some(sid) => format!("statement {} of {name}", quoted(sid)),
            None => format!("statement {} of {name}", cited.statement.statement),
        }
    }

    fn allowing(&self, because: &Because) -> String {
        match because {
            Because::Allows(all) => {
                let places: Vec<_> = all.iter().map(|cited| self.place(cited)).collect();
                places.join(" and ")
            }
            other => other.to_string(),
        }
    }

    fn denial(&self, outcome: Outcome) -> Denial {
        let verdict = Verdict {
            decision: outcome.decision,
            by: None,
            near_misses: outcome
                .near_misses
                .iter()
                .map(|(_, miss)| miss.clone())
                .collect(),
        };
        let nearest = nearest(&outcome.near_misses);
        let (place, seen) = match (&outcome.because, nearest) {
            (Because::Denies(cited), _) => {
                let place = self.place(cited);
                (place.clone(), format!("{place} denies it"))
            }
            (because, Some((layer, miss))) => {
                let statement = miss.statement.clone();
                let layer = *layer;
                let place = self.place(&Cited { layer, statement });
                let kept_by: Vec<_> = miss
                    .kept_by
                    .iter()
                    .take(TOLD)
                    .map(ToString::to_string)
                    .collect();
                let seen = format!("{because}; {place} comes nearest: {}", kept_by.join("; "));
                (place, seen)
            }
            (because, None) => (
                String::new(),
                format!("{because}, and no statement comes near"),
            ),
        };
        let nearest = nearest.map(|(_, miss)| miss.clone());
        let mismatches = nearest.iter().flat_map(|miss| &miss.kept_by);
        let mut helps = mismatches.flat_map(|mismatch| help_for(mismatch, self.request.action));
        Denial {
            help: helps.next(),
            because: outcome.because,
            nearest,
            verdict,
            place,
            seen,
        }
    }
}

impl Denial {
    /// What the denial means, where every service means the same by it.
    pub(super) fn cause(&self, denied: Cause, otherwise: impl FnOnce(&Self) -> Cause) -> Cause {
        match self.because {
            Because::Denies(_) => denied,
            Because::NothingAllows(Layer::Boundary) => Cause::BoundaryNotAllowing,
            _ if self.is_kept_by_conditions_only() => Cause::ConditionNeverMet,
            _ => otherwise(self),
        }
    }

    /// Whether some statement would allow, but for its conditions.
    pub(super) fn is_kept_by_conditions_only(&self) -> bool {
        self.nearest.as_ref().is_some_and(has_conditions_only)
    }

    /// What to do, where every service means the same by the cause. `statement` would allow it.
    pub(super) fn remedy(
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
                    "take the condition on {} out of {}",
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

/// The nearest statement for which only conditions are in the way, else the nearest.
fn nearest(misses: &[(Layer, NearMiss)]) -> Option<&(Layer, NearMiss)> {
    let but_for_conditions = misses.iter().find(|(_, miss)| has_conditions_only(miss));
    but_for_conditions.or(misses.first())
}

fn has_conditions_only(miss: &NearMiss) -> bool {
    let mut kept_by = miss.kept_by.iter();
    kept_by.all(|mismatch| matches!(mismatch, Mismatch::Condition { .. }))
}
