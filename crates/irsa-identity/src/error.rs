//! Errors of an identity, by link of the chain.

use std::fmt;
use std::sync::Arc;

use irsa_chain::{Cause, Link};

pub(crate) mod redact;
pub(crate) mod scrub;

/// A broken link, with AWS's error message if AWS rejected a call. It contains no secrets.
#[derive(Debug, Clone)]
pub struct IdentityError(Arc<Detail>);

#[derive(Debug, Clone)]
struct Detail {
    link: Link,
    cause: Option<Cause>,
    transient: bool,
    message: String,
    code: Option<String>,
    remedy: Option<String>,
}

impl IdentityError {
    /// Returns the broken link of the chain.
    pub fn link(&self) -> Link {
        self.0.link
    }

    /// Returns the cause, if known.
    pub fn cause(&self) -> Option<Cause> {
        self.0.cause
    }

    /// Returns whether a retry without changes is likely to succeed soon.
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// Returns AWS's error code, such as `AccessDenied`, if AWS rejected a call.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns what to do about it, in one line.
    pub fn remedy(&self) -> String {
        match (&self.0.remedy, self.0.cause) {
            (Some(remedy), _) => remedy.clone(),
            (None, Some(cause)) => cause.remedy().to_owned(),
            (None, None) => format!("run `irsa doctor` to check the link `{}`", self.0.link.id()),
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for IdentityError {}

/// Constructors for this crate.
impl IdentityError {
    /// Creates an error with a known cause. `message` must not contain secrets.
    pub(crate) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self::build(cause.link(), Some(cause), message.into())
    }

    /// Creates an error of which only the link is known. `message` must not contain secrets.
    pub(crate) fn at(link: Link, message: impl Into<String>) -> Self {
        Self::build(link, None, message.into())
    }

    pub(crate) fn transient(mut self) -> Self {
        Arc::make_mut(&mut self.0).transient = true;
        self
    }

    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).code = Some(code.into());
        self
    }

    pub(crate) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).remedy = Some(remedy.into());
        self
    }

    fn build(link: Link, cause: Option<Cause>, message: String) -> Self {
        Self(Arc::new(Detail {
            link,
            cause,
            transient: false,
            message,
            code: None,
            remedy: None,
        }))
    }
}

/// Joins the messages of an error and its sources. A source whose message is already included is skipped.
pub(crate) fn chain_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let message = source.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        next = source.source();
    }
    text
}
