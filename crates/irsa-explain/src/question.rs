//! A request, and the policies that have a say in it.

use irsa_policy::{Because, Layer, Outcome, Policy, PolicyDocuments, SetError};

use crate::request_context::RequestContext;

/// Stands for a part of the request that is not known; no ARN and no name has such characters.
pub(crate) const LATER: &str = "(known after apply)";

/// A request, and the policies that have a say in it.
#[derive(Debug, Default)]
pub struct Question {
    /// Who calls, as [`irsa_policy::Principal::parse`] reads it.
    pub principal: String,
    /// What is called.
    pub action: String,
    /// What it is called on.
    pub resource: Option<String>,
    /// The account that owns the resource, where its ARN does not tell.
    pub resource_account: Option<String>,
    /// The condition keys.
    pub context: RequestContext,
    /// The policies, in the order in which they were named.
    pub policies: Vec<Document>,
    /// What has a say too, and is not known.
    pub unknown: Vec<Unknown>,
}

/// A policy in its file.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it is attached.
    pub layer: Layer,
    /// The file, for messages.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// Something that has a say, and is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Which layer it belongs to; a part of the request belongs to all of them.
    pub layer: Option<Layer>,
    /// What it is, for messages.
    pub what: String,
}

// === impl Question ===

impl Question {
    /// The policies, parsed.
    ///
    /// # Errors
    /// The first one that is none; see [`Document::problem`] for all of them.
    pub fn documents(&self) -> Result<PolicyDocuments, SetError> {
        let mut documents = PolicyDocuments::new();
        for document in &self.policies {
            documents.add(document.layer, &self.action, [document.text.as_str()])?;
        }
        Ok(documents)
    }

    /// What has to be known before this outcome can be relied on. `is_request_known`: it does not depend on an unknown
    /// part of the request.
    pub(crate) fn doubts(&self, outcome: &Outcome, is_request_known: bool) -> Vec<String> {
        let matters = |unknown: &&Unknown| match (unknown.layer, &outcome.because) {
            (None, _) => !is_request_known,
            // Nothing that could be said elsewhere undoes a denial.
            (_, Because::Denies(_)) => false,
            (Some(layer), Because::NothingAllows(silent)) => {
                let may_grant =
                    matches!(silent, Layer::Identity | Layer::Boundary | Layer::Session);
                layer == *silent || (layer == Layer::Resource && may_grant)
            }
            (Some(_), _) => true,
        };
        let unknown = self.unknown.iter().filter(matters);
        unknown.map(|unknown| unknown.what.clone()).collect()
    }

    /// Everything that is unknown, apart from condition keys.
    pub(crate) fn all_unknown(&self) -> Vec<String> {
        let unknown = self.unknown.iter();
        unknown.map(|unknown| unknown.what.clone()).collect()
    }
}

// === impl Unknown ===

impl Unknown {
    pub(crate) fn of_request(what: String) -> Self {
        Self { layer: None, what }
    }
}

// === impl Document ===

impl Document {
    /// Why it is no policy for `action`, as `FILE:LINE:COLUMN: …`.
    pub fn problem(&self, action: &str) -> Option<String> {
        let kind = self.layer.kind(action);
        let size = || kind.check_size(&self.text).err();
        let error = Policy::parse(kind, &self.text).err().or_else(size)?;
        let position = error.position();
        let at = position.map_or_else(String::new, |position| format!(":{position}"));
        let hint = error.hint().map(|hint| format!(" ({hint})"));
        Some(format!(
            "{}{at}: {error}{}",
            self.file,
            hint.unwrap_or_default()
        ))
    }
}
