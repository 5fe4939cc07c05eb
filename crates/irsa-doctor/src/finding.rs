//! What a check found.

use std::time::Duration;

use irsa_chain::Cause;
use serde::Serialize;

use crate::Check;

/// What is to be thought of what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is of no concern here, such as a grant where no database is used.
    NotApplicable,
    /// It is as it must be.
    Holds,
    /// It works, and yet should be changed.
    Warning,
    /// Something that it depends on does not hold.
    NotReached,
    /// It could not be looked at, or what was seen allows no verdict.
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

/// What a check saw, and what is to be thought of it. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub(crate) verdict: Verdict,
    pub(crate) what: String,
    pub(crate) cause: Option<Cause>,
    pub(crate) remedy: Option<String>,
}

impl Seen {
    /// It is as it must be: `what` was seen.
    pub fn holds(what: impl Into<String>) -> Self {
        Self::new(Verdict::Holds, what)
    }

    /// It is broken, for `cause`, whose remedy is given unless a more concrete one is.
    pub fn broken(cause: Cause, what: impl Into<String>) -> Self {
        Self::new(Verdict::Broken, what).because(cause)
    }

    /// It works, and yet should be changed.
    pub fn warning(cause: Cause, what: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, what).because(cause)
    }

    /// It can't be told, and `why`.
    pub fn unsure(why: impl Into<String>) -> Self {
        Self::new(Verdict::Unsure, why)
    }

    /// It is of no concern here, and `why`.
    pub fn not_applicable(why: impl Into<String>) -> Self {
        Self::new(Verdict::NotApplicable, why)
    }

    /// What to do, made concrete: the exact command, annotation or policy.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
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
        self.remedy = Some(cause.remedy().to_owned());
        self.cause = Some(cause);
        self
    }
}

/// What a check found, once it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked.
    pub check: &'static Check,
    /// Of what, where there are several: an upstream's host, a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// What was seen, in one line; for [`Verdict::Unsure`] why nothing was.
    pub seen: String,
    /// What breaks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// How long looking took, in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
}

impl Finding {
    /// What `check` saw of `subject`.
    pub fn new(check: &'static Check, subject: Option<String>, seen: Seen, took: Duration) -> Self {
        let Seen {
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
