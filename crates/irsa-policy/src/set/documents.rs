//! Policy documents, parsed layer by layer.

use std::fmt;

use super::PolicySet;
use crate::{Layer, Policy, PolicyError};

/// The parsed policies that a [`PolicySet`] borrows.
#[derive(Debug, Default)]
pub struct PolicyDocuments {
    policies: Vec<(Layer, Policy)>,
    service_levels: usize,
    resource_levels: usize,
}

/// The error of a policy that was rejected. No request can be decided with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetError {
    /// The layer of the policy.
    pub layer: Layer,
    /// The index of the policy in its layer, from 0.
    pub policy: usize,
    /// The error.
    pub error: Box<PolicyError>,
}

impl PolicyDocuments {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the policies of a layer. The layer and `action` determine their kind. Adding a level of an organization
    /// without policies means that the level allows nothing.
    ///
    /// # Errors
    /// [`Policy::parse`] or [`PolicyKind::check_size`](crate::PolicyKind::check_size) rejects a document.
    pub fn add<'t>(
        &mut self,
        layer: Layer,
        action: &str,
        documents: impl IntoIterator<Item = &'t str>,
    ) -> Result<(), SetError> {
        match layer {
            Layer::ServiceControl(level) => {
                self.service_levels = self.service_levels.max(level + 1);
            }
            Layer::ResourceControl(level) => {
                self.resource_levels = self.resource_levels.max(level + 1);
            }
            Layer::Identity | Layer::Resource | Layer::Boundary | Layer::Session => {}
        }
        for (policy, json) in documents.into_iter().enumerate() {
            let kind = layer.kind(action);
            let parsed =
                Policy::parse(kind, json).and_then(|policy| kind.check_size(json).map(|()| policy));
            let parsed = parsed.map_err(|error| SetError {
                layer,
                policy,
                error: Box::new(error),
            })?;
            self.policies.push((layer, parsed));
        }
        Ok(())
    }

    /// The policies, ready to decide requests.
    pub fn set(&self) -> PolicySet<'_> {
        let mut set = PolicySet {
            service_control: vec![Vec::new(); self.service_levels],
            resource_control: vec![Vec::new(); self.resource_levels],
            ..PolicySet::default()
        };
        for (layer, policy) in &self.policies {
            set.add(*layer, policy);
        }
        set
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.layer, self.policy, self.error)
    }
}

impl std::error::Error for SetError {}
