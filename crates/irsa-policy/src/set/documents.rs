//! Policies as texts, parsed layer by layer.

use std::fmt;

use super::PolicySet;
use crate::{Layer, Policy, PolicyError};

/// The owner of the policies that a [`PolicySet`] borrows.
#[derive(Debug, Default)]
pub struct PolicyDocuments {
    policies: Vec<(Layer, Policy)>,
    service_levels: usize,
    resource_levels: usize,
}

/// Which policy was refused, and why: the answer to any request is "invalid".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetError {
    /// Where the policy belongs.
    pub layer: Layer,
    /// Its place in that layer, from 0.
    pub policy: usize,
    /// What is wrong with it.
    pub error: Box<PolicyError>,
}

impl PolicyDocuments {
    /// No policies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the policies of a layer, which for `action` tells their kind. To add a level of an
    /// organization without any is to allow nothing there.
    ///
    /// # Errors
    /// Whatever [`Policy::parse`] or [`PolicyKind::check_size`](crate::PolicyKind::check_size)
    /// refuses.
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

    /// The policies, to be asked.
    pub fn set(&self) -> PolicySet<'_> {
        let levels = |count, layer: fn(usize) -> Layer| {
            (0..count).map(|level| self.of(layer(level))).collect()
        };
        PolicySet {
            identity: self.of(Layer::Identity),
            resource: self.of(Layer::Resource).first().copied(),
            boundary: self.of(Layer::Boundary),
            session: self.of(Layer::Session),
            service_control: levels(self.service_levels, Layer::ServiceControl),
            resource_control: levels(self.resource_levels, Layer::ResourceControl),
            resource_account: None,
        }
    }

    fn of(&self, layer: Layer) -> Vec<&Policy> {
        let policies = self.policies.iter();
        policies
            .filter(|(other, _)| *other == layer)
            .map(|(_, policy)| policy)
            .collect()
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.layer, self.policy, self.error)
    }
}

impl std::error::Error for SetError {}
