//! The chain as it is now, link by link: as a page and as JSON.

mod causes;
mod fetch;
mod json;
mod last_use;
mod page;
mod text;
mod time;

use std::time::SystemTime;

use irsa_chain::{Cause, Link};
use serde::{Deserialize, Serialize};

pub use self::fetch::{FetchError, fetch};
pub use self::json::json;
pub use self::last_use::LastUse;
pub use self::text::text;
pub use self::time::rfc3339;

pub(crate) use self::causes::render as render_causes;
pub(crate) use self::page::{STYLE, render};

/// Who knows the [`Status`].
pub trait StatusSource: Send + Sync {
    /// The status now. Called for each request, so it must be quick and must not wait.
    fn status(&self) -> Status;
}

/// The state of the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What runs, such as `irsa proxy`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// When it was so.
    #[serde(with = "time")]
    pub at: SystemTime,
    /// The links, in the order of the chain.
    pub links: Vec<LinkStatus>,
    /// What else is worth knowing, such as listeners and counts. Never a secret.
    pub facts: Vec<Fact>,
}

/// The state of one link, for the whole process or for one upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStatus {
    /// The link.
    pub link: Link,
    /// Whose it is where there are several, such as an upstream's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How it is.
    pub state: LinkState,
    /// What was seen last, in one line. Never a secret.
    pub detail: String,
    /// Why it is not well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// When it was last known to hold.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::option"
    )]
    pub held_at: Option<SystemTime>,
}

/// How a link is. What comes later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// It is of no concern here, such as a token where keys are given.
    NotApplicable,
    /// It held when it was last used.
    Ok,
    /// Not used yet.
    Unknown,
    /// It failed, and what depends on it still works for a while.
    Degraded,
    /// It failed.
    Broken,
}

/// A name and a value, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

// === impl Status ===

impl Status {
    /// The first link that failed: those after it depend on it. One that failed outweighs one that is degraded.
    pub fn first_broken(&self) -> Option<&LinkStatus> {
        let first = |state| self.links.iter().find(move |link| link.state == state);
        first(LinkState::Broken).or_else(|| first(LinkState::Degraded))
    }

    /// The worst state of a link; `None` where nothing is said of it.
    pub fn state_of(&self, link: Link) -> Option<LinkState> {
        let of_link = self.links.iter().filter(|status| status.link == link);
        of_link.map(|status| status.state).max()
    }

    /// The worst state of all links.
    pub fn overall(&self) -> LinkState {
        let states = self.links.iter().map(|status| status.state);
        states.max().unwrap_or(LinkState::Unknown)
    }
}

// === impl LinkState ===

impl LinkState {
    /// The state in a word or two.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not used",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
        }
    }
}

// === impl LinkStatus ===

impl LinkStatus {
    /// A link that was not used yet.
    pub fn unknown(link: Link) -> Self {
        Self::new(link, LinkState::Unknown, "not used yet")
    }

    /// A link that is of no concern, and why.
    pub fn not_applicable(link: Link, why: impl Into<String>) -> Self {
        Self::new(link, LinkState::NotApplicable, why)
    }

    /// A link that holds.
    pub fn ok(link: Link, detail: impl Into<String>) -> Self {
        Self::new(link, LinkState::Ok, detail)
    }

    /// A link that failed, for `cause` where it is known.
    pub fn broken(link: Link, detail: impl Into<String>, cause: Option<Cause>) -> Self {
        Self {
            cause,
            remedy: cause.map(|cause| cause.remedy().to_owned()),
            ..Self::new(link, LinkState::Broken, detail)
        }
    }

    /// The same, of one upstream.
    #[must_use]
    pub fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The same, known to have held at a time.
    #[must_use]
    pub fn held_at(mut self, at: Option<SystemTime>) -> Self {
        self.held_at = at;
        self
    }

    fn new(link: Link, state: LinkState, detail: impl Into<String>) -> Self {
        Self {
            link,
            subject: None,
            state,
            detail: detail.into(),
            cause: None,
            remedy: None,
            held_at: None,
        }
    }
}

// === impl Fact ===

impl Fact {
    /// A fact.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}
