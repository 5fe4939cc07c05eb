//! The chain as it is now, link by link: as a page and as JSON.

mod page;

use irsa_chain::{Cause, Link};
use serde::{Deserialize, Serialize};

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
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Not used yet.
    Unknown,
    /// It held when it was last used.
    Ok,
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

impl LinkState {
    /// The state in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
        }
    }
}

impl LinkStatus {
    /// A link that was not used yet.
    pub fn unknown(link: Link) -> Self {
        Self::new(link, LinkState::Unknown, "not used yet")
    }

    /// A link that holds.
    pub fn ok(link: Link, detail: impl Into<String>) -> Self {
        Self::new(link, LinkState::Ok, detail)
    }

    /// A link that failed, for `cause` where it is known.
    pub fn broken(link: Link, detail: impl Into<String>, cause: Option<Cause>) -> Self {
        Self {
            cause,
            ..Self::new(link, LinkState::Broken, detail)
        }
    }

    /// The same, of one upstream.
    #[must_use]
    pub fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    fn new(link: Link, state: LinkState, detail: impl Into<String>) -> Self {
        Self {
            link,
            subject: None,
            state,
            detail: detail.into(),
            cause: None,
        }
    }
}

impl Fact {
    /// A fact.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}
