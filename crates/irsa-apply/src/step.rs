//! Steps: each is a part of a store that was compared with the specification and, if it differed, changed.

use std::fmt::{self, Write as _};

use irsa_chain::untrusted::{escape_json, printable};
use serde_json::{Value, json};

/// Whether a run changes the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Differences are changed.
    Apply,
    /// Differences are reported.
    DryRun,
}

/// A part of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Key of the store in the specification.
    pub store: String,
    /// The state that the specification asks for, such as "user `api` has rds_iam".
    pub what: String,
    /// The result.
    pub state: StepState,
    /// The statements or requests that make the change, without secrets; for a note, its lines.
    pub details: Vec<String>,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// The store was as specified.
    Held,
    /// The store was changed.
    Changed,
    /// The store differs, and was not changed.
    WouldChange,
    /// The change failed. The run ends here.
    Failed,
    /// Nothing to change, but worth knowing.
    Note,
}

/// The number of steps with each result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Steps that held.
    pub held: usize,
    /// Steps that changed something.
    pub changed: usize,
    /// Steps that would change something.
    pub would_change: usize,
    /// Steps that failed.
    pub failed: usize,
}

/// Passes steps on as they happen, and counts them.
pub struct Steps<'s> {
    mode: Mode,
    store: String,
    sink: &'s mut (dyn FnMut(&Step) + Send),
    totals: Totals,
}

// === impl Steps ===

impl<'s> Steps<'s> {
    /// Creates a counter that passes each step to `sink`.
    pub fn new(mode: Mode, sink: &'s mut (dyn FnMut(&Step) + Send)) -> Self {
        Self {
            mode,
            store: String::new(),
            sink,
            totals: Totals::default(),
        }
    }

    /// Names the store of the steps that follow.
    pub fn enter_store(&mut self, key: &str) {
        key.clone_into(&mut self.store);
    }

    /// Returns whether differences are reported only.
    pub fn is_dry_run(&self) -> bool {
        self.mode == Mode::DryRun
    }

    /// Reports what is as specified.
    pub fn held(&mut self, what: impl Into<String>) {
        self.report(what.into(), StepState::Held, Vec::new());
    }

    /// Reports a difference: as changed, or in a dry run as one that would be.
    pub fn changed(&mut self, what: impl Into<String>, details: Vec<String>) {
        let state = match self.mode {
            Mode::Apply => StepState::Changed,
            Mode::DryRun => StepState::WouldChange,
        };
        self.report(what.into(), state, details);
    }

    /// Reports a change that failed.
    pub fn failed(&mut self, what: impl Into<String>, details: Vec<String>) {
        self.report(what.into(), StepState::Failed, details);
    }

    /// Reports something that this run does not change.
    pub fn note(&mut self, what: impl Into<String>, details: Vec<String>) {
        self.report(what.into(), StepState::Note, details);
    }

    /// Returns the totals so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn report(&mut self, what: String, state: StepState, details: Vec<String>) {
        match state {
            StepState::Held => self.totals.held += 1,
            StepState::Changed => self.totals.changed += 1,
            StepState::WouldChange => self.totals.would_change += 1,
            StepState::Failed => self.totals.failed += 1,
            StepState::Note => {}
        }
        (self.sink)(&Step {
            store: self.store.clone(),
            what,
            state,
            details,
        });
    }
}

impl fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("mode", &self.mode)
            .field("store", &self.store)
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}

// === impl Step ===

impl Step {
    /// Returns a line for the step, and an indented one for each detail. Nothing in it can move the cursor or look like
    /// another line.
    pub fn text(&self) -> String {
        let (store, what) = (printable(&self.store), printable(&self.what));
        let mut text = format!("{store}: {:<8} {what}", self.state.name());
        for line in self.details.iter().flat_map(|detail| detail.lines()) {
            let _ = write!(text, "\n    {}", escape_json(line));
        }
        text
    }

    /// Returns the step as a JSON object.
    pub fn json(&self) -> Value {
        json!({
            "store": self.store,
            "step": self.what,
            "state": self.state.name(),
            "details": self.details,
        })
    }
}

// === impl StepState ===

impl StepState {
    /// Returns the state in one word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "ok",
            Self::Changed => "changed",
            Self::WouldChange => "differs",
            Self::Failed => "failed",
            Self::Note => "note",
        }
    }
}

// === impl Totals ===

impl Totals {
    /// Returns whether the store differs from the specification after the run.
    pub fn has_differences(self) -> bool {
        self.would_change > 0
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            held,
            changed,
            would_change,
            failed,
        } = self;
        write!(f, "{held} ok, {changed} changed")?;
        if *would_change > 0 {
            write!(f, ", {would_change} would change")?;
        }
        if *failed > 0 {
            write!(f, ", {failed} failed")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_reported_by_the_mode() {
        let mut seen = Vec::new();
        let mut sink = |step: &Step| seen.push(step.clone());
        let mut steps = Steps::new(Mode::DryRun, &mut sink);
        steps.enter_store("orders");
        steps.held("user `a` exists");
        steps.changed("user `b` exists", vec!["CREATE ROLE \"b\"".to_owned()]);
        let totals = steps.totals();
        assert!(totals.has_differences());
        assert_eq!(totals.to_string(), "1 ok, 0 changed, 1 would change");
        assert_eq!(
            seen[1].text(),
            "orders: differs  user `b` exists\n    CREATE ROLE \"b\""
        );
        assert_eq!(seen[0].json()["state"], "ok");
    }

    #[test]
    fn a_name_cannot_forge_a_line() {
        let step = Step {
            store: "a".to_owned(),
            what: "user `x\nb: ok user`".to_owned(),
            state: StepState::Held,
            details: Vec::new(),
        };
        assert_eq!(step.text().lines().count(), 1);
    }
}
