//! The outcome of a check, and the finding that a report shows.

use std::time::Duration;

use irsa_chain::Cause;
use serde::{Deserialize, Serialize};

use crate::{Check, Remedy};

/// The verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The check does not apply, such as a grant if no database is used.
    NotApplicable,
    /// Everything is correct.
    Holds,
    /// It works, but should be changed.
    Warning,
    /// A check that this one needs does not hold.
    NotReached,
    /// The check could not run, or its result allows no verdict.
    Unsure,
    /// It is broken.
    Broken,
}

impl Verdict {
    /// The verdict in a word or two.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotApplicable => "not applicable",
            Self::Warning => "warning",
            Self::Unsure => "unsure",
            Self::NotReached => "not reached",
            Self::Broken => "broken",
        }
    }
}

/// The outcome of a check: a verdict, what was seen, and for a break its cause and remedy. Contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOutcome {
    pub(crate) verdict: Verdict,
    pub(crate) what: String,
    pub(crate) cause: Option<Cause>,
    pub(crate) remedy: Option<Remedy>,
}

impl CheckOutcome {
    /// Everything is correct; `what` was seen.
    pub fn holds(what: impl Into<String>) -> Self {
        Self::new(Verdict::Holds, what)
    }

    /// The link is broken by `cause`. Its remedy is reported unless [`Self::remedy`] sets a more specific one.
    pub fn broken(cause: Cause, what: impl Into<String>) -> Self {
        Self::new(Verdict::Broken, what).because(cause)
    }

    /// It works, but should be changed.
    pub fn warning(cause: Cause, what: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, what).because(cause)
    }

    /// No verdict is possible; `why` is the reason.
    pub fn unsure(why: impl Into<String>) -> Self {
        Self::new(Verdict::Unsure, why)
    }

    /// The check does not apply; `why` is the reason.
    pub fn not_applicable(why: impl Into<String>) -> Self {
        Self::new(Verdict::NotApplicable, why)
    }

    /// Sets a specific remedy: [`Commands`](crate::Commands) that repair the finding, or a text as advice.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(crate) fn not_reached(need: &str) -> Self {
        Self::new(Verdict::NotReached, format!("`{need}` does not hold"))
    }

    fn new(verdict: Verdict, what: impl Into<String>) -> Self {
        Self {
            verdict,
            what: what.into(),
            cause: None,
            remedy: None,
        }
    }

    fn because(mut self, cause: Cause) -> Self {
        self.remedy = Some(Remedy::from(cause.remedy()));
        self.cause = Some(cause);
        self
    }
}

/// A check with its outcome, as a report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check.
    pub check: &'static Check,
    /// The subject, if the check is made for several: an upstream's host, a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The observation, in one line; for [`Verdict::Unsure`] the reason.
    pub seen: String,
    /// The cause of a break or a warning, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// The duration of the check; serialized in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
}

impl Finding {
    /// The outcome of `check` for `subject`.
    pub fn new(
        check: &'static Check,
        subject: Option<String>,
        seen: CheckOutcome,
        took: Duration,
    ) -> Self {
        let CheckOutcome {
            verdict,
            what,
            cause,
            remedy,
        } = seen;
        Self {
            check,
            subject,
            verdict,
            seen: what,
            cause,
            remedy,
            took,
        }
    }
}

fn milliseconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}
