//! A request, and the policies that have a say in it.

use irsa_policy::{Context, Layer, Policy, PolicyDocuments, SetError};

/// A request, and the policies that have a say in it.
#[derive(Debug)]
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
    pub context: Context,
    /// The policies, in the order in which they were named.
    pub policies: Vec<Document>,
}

/// A policy in its file.
#[derive(Debug)]
pub struct Document {
    /// Where it is attached.
    pub layer: Layer,
    /// The file, for messages.
    pub file: String,
    /// Its text.
    pub text: String,
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
}

// === impl Document ===

impl Document {
    /// Why it is no policy for `action`, as `FILE:LINE:COLUMN: …`.
    pub fn problem(&self, action: &str) -> Option<String> {
        let error = Policy::parse(self.layer.kind(action), &self.text).err()?;
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
