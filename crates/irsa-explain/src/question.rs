//! A question for the policy engine: a request, and the policies that apply to it.

use irsa_policy::{Layer, Outcome, Policy, PolicyDocuments, Reason, SetError};

use crate::request_context::RequestContext;

/// The placeholder for an unknown part of the request. ARNs and names cannot contain these characters.
pub(crate) const LATER: &str = "(known after apply)";

/// A request, and the policies that apply to it.
#[derive(Debug, Default)]
pub struct Question {
    /// The caller, as [`irsa_policy::Principal::parse`] accepts it.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The ARN of the resource.
    pub resource: Option<String>,
    /// The account that owns the resource, if its ARN does not contain it.
    pub resource_account: Option<String>,
    /// The condition keys.
    pub context: RequestContext,
    /// The policies, in the order in which they were given.
    pub policies: Vec<Document>,
    /// Policies and parts of the request that are unknown.
    pub unknown: Vec<Unknown>,
}

/// A policy document and its file.
#[derive(Debug, Clone)]
pub struct Document {
    /// The layer to which it belongs.
    pub layer: Layer,
    /// The name of the file, for messages.
    pub file: String,
    /// The text of the policy.
    pub text: String,
}

/// A policy or a part of the request that is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The layer of the policy; `None` for a part of the request, which affects all layers.
    pub layer: Option<Layer>,
    /// A description, for messages.
    pub what: String,
}

// === impl Question ===

impl Question {
    /// Parses the policies.
    ///
    /// # Errors
    /// The error of the first invalid policy. [`Document::problem`] finds all of them.
    pub fn documents(&self) -> Result<PolicyDocuments, SetError> {
        let mut documents = PolicyDocuments::new();
        for document in &self.policies {
            documents.add(document.layer, &self.action, [document.text.as_str()])?;
        }
        Ok(documents)
    }

    /// The unknown policies and parts of the request that could change this outcome. `is_request_known` means that the
    /// outcome does not depend on an unknown part of the request.
    pub(crate) fn relevant_unknowns(
        &self,
        outcome: &Outcome,
        is_request_known: bool,
    ) -> Vec<String> {
        let matters = |unknown: &&Unknown| match (unknown.layer, &outcome.reason) {
            (None, _) => !is_request_known,
            // No other policy can override an explicit denial.
            (_, Reason::Denies(_)) => false,
            (Some(layer), Reason::NothingAllows(silent)) => {
                let may_grant =
                    matches!(silent, Layer::Identity | Layer::Boundary | Layer::Session);
                layer == *silent || (layer == Layer::Resource && may_grant)
            }
            (Some(_), _) => true,
        };
        let unknown = self.unknown.iter().filter(matters);
        unknown.map(|unknown| unknown.what.clone()).collect()
    }

    /// Everything that is unknown, except condition keys.
    pub(crate) fn all_unknown(&self) -> Vec<String> {
        let unknown = self.unknown.iter();
        unknown.map(|unknown| unknown.what.clone()).collect()
    }
}

// === impl Unknown ===

impl Unknown {
    pub(crate) fn in_request(what: String) -> Self {
        Self { layer: None, what }
    }
}

// === impl Document ===

impl Document {
    /// The error if the document is not a valid policy for `action`, as `FILE:LINE:COLUMN: …`.
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
