//! What can go wrong with an identity, by link of the chain.

use std::fmt;
use std::sync::Arc;

use irsa_chain::{Cause, Link};

pub(crate) mod redact;
pub(crate) mod scrub;

/// A broken link, with AWS's own words where AWS refused. Holds no secret.
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
    /// The link of the chain that is broken.
    pub fn link(&self) -> Link {
        self.0.link
    }

    /// The cause, where it is known.
    pub fn cause(&self) -> Option<Cause> {
        self.0.cause
    }

    /// Whether the same exchange is likely to succeed soon with nothing changed.
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// AWS's error code, where AWS refused: `AccessDenied`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What to do about it, in one line.
    pub fn remedy(&self) -> String {
        match (&self.0.remedy, self.0.cause) {
            (Some(remedy), _) => remedy.clone(),
            (None, Some(cause)) => cause.remedy().to_owned(),
            (None, None) => format!("check the link `{}` of the chain", self.0.link.id()),
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for IdentityError {}

/// How the crate makes its errors.
impl IdentityError {
    /// An error of a known cause. `message` must hold no secret.
    pub(crate) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self::build(cause.link(), Some(cause), message.into())
    }

    /// An error of which only the link is known. `message` must hold no secret.
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

/// The messages of an error and of what caused it, each said once.
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
