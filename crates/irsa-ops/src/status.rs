//! The current state of the chain, link by link, as a page and as JSON.

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

pub(crate) use self::causes::render as render_causes;
pub(crate) use self::page::{STYLE, render};

/// A source of the [`Status`].
pub trait StatusSource: Send + Sync {
    /// Returns the current status. It is called for each request, so it must be fast and must not block.
    fn status(&self) -> Status;
}

/// The state of the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The name of the program, such as `irsa proxy`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The time of this status.
    #[serde(with = "time")]
    pub at: SystemTime,
    /// The links, in the order of the chain.
    pub links: Vec<LinkStatus>,
    /// Additional facts, such as listeners and counts. They contain no secrets.
    pub facts: Vec<Fact>,
}

/// The state of one link, for the whole process or for one upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStatus {
    /// The link.
    pub link: Link,
    /// The upstream, if the link is specific to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The state.
    pub state: LinkState,
    /// The last observation, in one line. It contains no secrets.
    pub detail: String,
    /// The cause of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The last time at which it was known to hold.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::option"
    )]
    pub held_at: Option<SystemTime>,
}

/// The state of a link, in order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// The link is not used, such as a token if access keys are configured.
    NotApplicable,
    /// The link held when it was last used.
    Ok,
    /// Not used yet.
    Unknown,
    /// The link failed, but links that depend on it still work for a while.
    Degraded,
    /// The link failed.
    Broken,
}

/// A named value for display.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

// === impl Status ===

impl Status {
    /// Returns the first link that failed, because later links depend on it. A failed link takes precedence over a
    /// degraded one.
    pub fn first_broken(&self) -> Option<&LinkStatus> {
        let first = |state| self.links.iter().find(move |link| link.state == state);
        first(LinkState::Broken).or_else(|| first(LinkState::Degraded))
    }

    /// Returns the worst state of a link, or `None` if nothing is known about it.
    pub fn state_of(&self, link: Link) -> Option<LinkState> {
        let of_link = self.links.iter().filter(|status| status.link == link);
        of_link.map(|status| status.state).max()
    }

    /// Returns the worst state of all links.
    pub fn overall(&self) -> LinkState {
        let states = self.links.iter().map(|status| status.state);
        states.max().unwrap_or(LinkState::Unknown)
    }
}

// === impl LinkState ===

impl LinkState {
    /// Returns the name of the state.
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
    /// Creates the status of a link that has not been used yet.
    pub fn unknown(link: Link) -> Self {
        Self::new(link, LinkState::Unknown, "not used yet")
    }

    /// Creates the status of a link that is not used, with the reason.
    pub fn not_applicable(link: Link, why: impl Into<String>) -> Self {
        Self::new(link, LinkState::NotApplicable, why)
    }

    /// Creates the status of a link that holds.
    pub fn ok(link: Link, detail: impl Into<String>) -> Self {
        Self::new(link, LinkState::Ok, detail)
    }

    /// Creates the status of a link that failed, with its cause if known.
    pub fn broken(link: Link, detail: impl Into<String>, cause: Option<Cause>) -> Self {
        Self {
            cause,
            remedy: cause.map(|cause| cause.remedy().to_owned()),
            ..Self::new(link, LinkState::Broken, detail)
        }
    }

    /// Sets the upstream that the status is specific to.
    #[must_use]
    pub fn for_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the last time at which the link was known to hold.
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
    /// Creates a fact.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}
